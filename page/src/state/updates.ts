import type { AnswerPart, Annotation, AssistantMessage, Component, Item, Task, Update } from "../protocol";

/**
 * The item as the update leaves it: a new object where something changes, so that whoever drew the old one
 * knows by identity. Updates of unknown kinds, or for another kind of item, change nothing.
 */
export function updated(item: Item, update: Update): Item {
  const apply = UPDATES[update.type];
  return apply ? apply(item, update) : item;
}

type Apply = (item: Item, update: Update) => Item;

const UPDATES: Readonly<Record<string, Apply>> = {
  "assistant_message.content_part.added": onPart((_, update) => update.content as AnswerPart),
  "assistant_message.content_part.text_delta": onPart((part, update) => ({
    ...part,
    text: part.text + String(update.delta),
  })),
  "assistant_message.content_part.annotation_added": onPart((part, update) => ({
    ...part,
    annotations: inserted(part.annotations ?? [], Number(update.annotation_index), update.annotation as Annotation),
  })),
  // the text is final here, its citations only when the item is done
  "assistant_message.content_part.done": onPart((part, update) => {
    const content = update.content as AnswerPart;
    return { ...content, annotations: content.annotations?.length ? content.annotations : part.annotations ?? [] };
  }),
  "widget.root.updated": (item, update) =>
    item.type === "widget" ? { ...item, widget: update.widget as Component } : item,
  "widget.component.updated": onComponent((_, update) => update.component as Component),
  "widget.streaming_text.value_delta": onComponent((component, update) => ({
    ...component,
    value: String(component.value ?? "") + String(update.delta),
    streaming: update.done !== true,
  })),
  "workflow.task.added": onTasks((tasks, index, task) => inserted(tasks, index, task)),
  "workflow.task.updated": onTasks((tasks, index, task) => tasks.map((old, place) => (place === index ? task : old))),
  "generated_image.updated": (item, update) =>
    item.type === "generated_image"
      ? { ...item, image: update.image as { id: string; url: string }, progress: (update.progress ?? null) as number | null }
      : item,
};

function onPart(change: (part: AnswerPart, update: Update) => AnswerPart): Apply {
  return (item, update) => {
    if (item.type !== "assistant_message") return item;
    const index = Number(update.content_index);
    return withPart(item, index, (part) => change(part, update));
  };
}

const EMPTY: AnswerPart = { type: "output_text", text: "", annotations: [] };

function withPart(item: AssistantMessage, index: number, change: (part: AnswerPart) => AnswerPart): AssistantMessage {
  const content = Array.from({ length: Math.max(index + 1, item.content.length) }, (_, place) => item.content[place] ?? EMPTY);
  content[index] = change(content[index] ?? EMPTY);
  return { ...item, content };
}

function onTasks(change: (tasks: readonly Task[], index: number, task: Task) => readonly Task[]): Apply {
  return (item, update) => {
    if (item.type !== "workflow") return item;
    const tasks = change(item.workflow.tasks, Number(update.task_index), update.task as Task);
    return { ...item, workflow: { ...item.workflow, tasks } };
  };
}

function onComponent(change: (component: Component, update: Update) => Component): Apply {
  return (item, update) => {
    if (item.type !== "widget") return item;
    const widget = withComponent(item.widget, String(update.component_id), (found) => change(found, update));
    return widget === item.widget ? item : { ...item, widget };
  };
}

/** The tree with the component of that id changed; parts of it that do not change stay the same objects. */
function withComponent(root: Component, id: string, change: (found: Component) => Component): Component {
  if (typeof root !== "object" || root === null) return root; // among children stands what a server puts there
  if (root.id === id) return change(root);
  const { children } = root;
  if (children === undefined || children === null) return root;
  if (!Array.isArray(children)) {
    const only = children as Component;
    const child = withComponent(only, id, change);
    return child === only ? root : { ...root, children: child };
  }
  let isChanged = false;
  const others = (children as readonly Component[]).map((child) => {
    const other = withComponent(child, id, change);
    isChanged ||= other !== child;
    return other;
  });
  return isChanged ? { ...root, children: others } : root;
}

function inserted<T>(list: readonly T[], index: number, value: T): readonly T[] {
  return [...list.slice(0, index), value, ...list.slice(index)];
}
