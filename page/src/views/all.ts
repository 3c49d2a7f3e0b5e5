/** Every component that the chat is made of, by its tag. */
import "../icons/icon";
import "../items/all";
import "../markdown/markdown";
import "../ui/confirm";
import "../ui/menu";
import "../widgets/widget";
import "./chat";
import "./composer";
import "./composer_bar";
import "./composer_files";
import "./composer_text";
import "./dictation";
import "./header";
import "./history";
import "./messages";
import "./start";
import "./thread";
