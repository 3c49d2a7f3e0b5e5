// What a conversation is called: its title, else how it begins, else when it began.

const MAX_LENGTH = 60;

// Of the threads whose first message was on the page: thread id -> its first words. The server may name a
// thread late, or never.
const beginnings = new Map();

export function titleOf(thread) {
  return thread.title || beginnings.get(thread.id) || timeOf(thread);
}

export function noteBeginning(threadId, message) {
  const words = firstWords(message);
  if (words) beginnings.set(threadId, words);
}

/** The first line that says something, or the name of the first file. */
function firstWords({ content, attachments = [] }) {
  const text = content.map((part) => (part.type === "input_tag" ? `@${part.text}` : part.text)).join("");
  const line = text.trim().split("\n")[0] || attachments[0]?.name || "";
  if (line.length <= MAX_LENGTH) return line;
  const cut = line.slice(0, MAX_LENGTH);
  return `${cut.slice(0, cut.lastIndexOf(" ")) || cut}…`;
}

function timeOf(thread) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(thread.created_at));
}
