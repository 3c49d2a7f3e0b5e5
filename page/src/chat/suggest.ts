import type { Command, CommandsOption, Entity, EntitiesOption, ToolOption } from "@openai/chatkit";

/** Something that can be put at the caret. */
export interface Suggestion {
  readonly id: string;
  readonly label: string;
  readonly description?: string | undefined;
  readonly icon?: string | undefined;
  readonly group?: string | undefined;
  choose(): void;
}

export interface SuggestFrom {
  readonly entities: EntitiesOption | null;
  readonly commands: CommandsOption | null;
  /** Puts a mention in place of what was typed of it. */
  mention(entity: Entity): void;
  /** Puts text in place of what was typed. */
  replace(text: string): void;
  /** Shows what else there is to choose from. */
  show(suggestions: readonly Suggestion[]): void;
  readonly attach: { readonly label: string; run(): void } | null;
  readonly tools: readonly (ToolOption & { run(): void })[];
}

const MOST = 50;

/** What can be put in place of `@words` or `/words`: the page's own entities and commands, and what the composer can do. */
export async function suggestions(mark: "@" | "/", query: string, from: SuggestFrom): Promise<readonly Suggestion[]> {
  const found = mark === "@" ? await entities(query, from) : await commands(query, from);
  return found.slice(0, MOST);
}

async function entities(query: string, from: SuggestFrom): Promise<Suggestion[]> {
  const found = (await from.entities?.onTagSearch?.(query)) ?? [];
  return found.map((entity) => ({
    id: entity.id,
    label: entity.title,
    icon: entity.icon,
    group: entity.group,
    choose: () => from.mention(entity),
  }));
}

async function commands(query: string, from: SuggestFrom): Promise<Suggestion[]> {
  if (!from.commands?.enabled) return [];
  const own = builtIn(from).filter(({ label }) => label.toLocaleLowerCase().includes(query.toLocaleLowerCase()));
  const found = (await from.commands.onSearch?.(query)) ?? [];
  return [...found.map((command) => commandSuggestion(command, from)), ...own];
}

function builtIn(from: SuggestFrom): Suggestion[] {
  const { attach, tools } = from;
  const done = (run: () => void) => () => {
    from.replace("");
    run();
  };
  return [
    ...(attach ? [{ id: "attach", label: attach.label, icon: "plus", choose: done(attach.run) }] : []),
    ...tools.map(({ id, label, icon, run }) => ({ id, label, icon, choose: done(run) })),
  ];
}

function commandSuggestion(command: Command, from: SuggestFrom): Suggestion {
  const { id, label, description, icon, group } = command;
  return { id, label, description, icon, group, choose: () => void select(command, from) };
}

/** A command may insert something, or lead to further ones. */
async function select(command: Command, from: SuggestFrom): Promise<void> {
  const selection = await from.commands?.onSelect?.(command);
  if (!selection) return from.replace("");
  if (selection.type === "entity") return from.mention(selection.entity);
  from.show(selection.commands.map((next) => commandSuggestion(next, from)));
}
