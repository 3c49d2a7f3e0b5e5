// The quickstart of the official wrapper, on a page of another site. `told` has its handlers and what they were given.
import { ChatKit, useChatKit } from "@openai/chatkit-react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const tell = (name) => (detail) => window.told.push([name, detail?.error ? { error: detail.error.message } : detail]);

function Chat({ theme }) {
  const kit = useChatKit({
    api: window.API,
    locale: "en",
    theme,
    composer: { tools: [{ id: "task", label: "A task", icon: "bolt" }] },
    disclaimer: { text: "[Pay](chatkit-link://pay?order=7)" },
    onClientTool: ({ name }) => ({ name, theme }),
    onReady: tell("onReady"),
    onError: tell("onError"),
    onEffect: tell("onEffect"),
    onDeeplink: tell("onDeeplink"),
    onResponseStart: tell("onResponseStart"),
    onResponseEnd: () => {
      tell("onResponseEnd")();
      document.dispatchEvent(new Event("told"));
    },
    onHistoryOpen: tell("onHistoryOpen"),
    onHistoryClose: tell("onHistoryClose"),
    onThreadChange: tell("onThreadChange"),
    onThreadLoadStart: tell("onThreadLoadStart"),
    onThreadLoadEnd: tell("onThreadLoadEnd"),
    onToolChange: tell("onToolChange"),
    onLog: tell("onLog"),
  });
  window.kit = kit;
  return <ChatKit control={kit.control} className="chat" />;
}

function App() {
  const [theme, setTheme] = useState("light");
  const [isShown, setShown] = useState(true);
  return (
    <>
      <button onClick={() => setTheme(theme === "light" ? "dark" : "light")}>Toggle the theme</button>
      <button onClick={() => setShown(!isShown)}>Toggle the chat</button>
      {isShown && <Chat theme={theme} />}
    </>
  );
}

const isStrict = location.search !== "?loose";
createRoot(document.querySelector("#root")).render(isStrict ? <StrictMode><App /></StrictMode> : <App />);
