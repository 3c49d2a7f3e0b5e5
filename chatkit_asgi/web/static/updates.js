// Applies the deltas of `thread.item.updated` to items. Plain data in place, no DOM.

const UPDATES = {
  "assistant_message.content_part.added": (item, { content_index, content }) => {
    part(item, content_index);
    item.content[content_index] = content;
  },
  "assistant_message.content_part.text_delta": (item, { content_index, delta }) => {
    part(item, content_index).text += delta;
  },
  "assistant_message.content_part.annotation_added": (
    item,
    { content_index, annotation_index, annotation },
  ) => {
    const found = part(item, content_index);
    found.annotations ??= [];
    found.annotations.splice(annotation_index, 0, annotation);
  },
  "assistant_message.content_part.done": (item, { content_index, content }) => {
    const annotations = part(item, content_index).annotations ?? [];
    // The text is final here, its citations only when the item is done.
    item.content[content_index] = {
      ...content,
      annotations: content.annotations?.length ? content.annotations : annotations,
    };
  },
  "widget.root.updated": (item, { widget }) => {
    item.widget = widget;
  },
  "widget.component.updated": (item, { component_id, component }) => {
    const found = findComponent(item.widget, component_id);
    if (found) Object.assign(clear(found), component);
  },
  "widget.streaming_text.value_delta": (item, { component_id, delta, done }) => {
    const found = findComponent(item.widget, component_id);
    if (found) Object.assign(found, { value: (found.value ?? "") + delta, streaming: !done });
  },
  "workflow.task.added": (item, { task_index, task }) => {
    item.workflow.tasks.splice(task_index, 0, task);
  },
  "workflow.task.updated": (item, { task_index, task }) => {
    item.workflow.tasks[task_index] = task;
  },
  "generated_image.updated": (item, { image, progress }) => {
    Object.assign(item, { image, progress });
  },
};

/** Changes `item` as the update says; updates of unknown types are ignored. */
export function applyUpdate(item, update) {
  UPDATES[update.type]?.(item, update);
}

/** A widget's children, which arrive as a list, a single component or nothing. */
export function childrenOf(component) {
  return [component.children ?? []].flat();
}

function part(item, index) {
  while (item.content.length <= index) item.content.push({ type: "output_text", text: "", annotations: [] });
  return item.content[index];
}

function findComponent(component, id) {
  if (component.id === id) return component;
  for (const child of childrenOf(component)) {
    const found = findComponent(child, id);
    if (found) return found;
  }
  return null;
}

function clear(component) {
  for (const key of Object.keys(component)) delete component[key];
  return component;
}
