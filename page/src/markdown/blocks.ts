/**
 * Cuts Markdown that grows at its end into pieces that can be read on their own: a paragraph, a list, a table, a
 * fenced block. A piece is finished as soon as another begins, and only lines that are new are looked at.
 */

const BLANK = /^\s*$/;
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const HEADING = /^ {0,3}#{1,6}(?:\s|$)/;
const HEADING_SO_FAR = /^ {0,3}#{1,6} +\S/;
const MARKER = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const MARKER_SO_FAR = /^(?:[-*+]|\d{1,9}[.)]?)$/;
const NOTE = /^\[\^[^\]\s]+\]:/;

export class Blocks {
  #text = "";
  #starts: number[] = [0];
  /** Where the first line begins whose end has not been seen. */
  #line = 0;
  #fence: string | null = null;
  /** What is open may go on after a blank line, if that is indented or another item: a list, a footnote. */
  #holds = false;
  #blank = false;
  #renewals = 0;
  /** What is open has ended with the line before: a closed fence, a heading. */
  #over = false;

  get text(): string {
    return this.#text;
  }

  /** How often the text was another one, not the last one with more behind it. */
  get renewals(): number {
    return this.#renewals;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** Whether the text ends in the midst of a fenced block. */
  get isInFence(): boolean {
    return this.#fence !== null;
  }

  /** Where block `index` begins in the text; the one after the last begins at the end. */
  start(index: number): number {
    return this.#starts[index] ?? this.#text.length;
  }

  block(index: number): string {
    return this.#text.slice(this.start(index), this.start(index + 1));
  }

  /** Takes the text as it is now; gives the number of the first block that may have changed. */
  read(text: string): number {
    const grown = text.slice(0, this.#text.length) === this.#text; // many times as fast as startsWith
    if (!grown) this.#reset();
    const first = grown ? this.count - 1 : 0;
    this.#text = text;
    for (let end = text.indexOf("\n", this.#line); end >= 0; end = text.indexOf("\n", this.#line)) {
      this.#take(text.slice(this.#line, end), true);
      this.#line = end + 1;
    }
    if (this.#line < text.length) this.#take(text.slice(this.#line), false);
    return first;
  }

  #reset(): void {
    this.#renewals += 1;
    this.#starts = [0];
    this.#line = 0;
    this.#begin();
  }

  #begin(): void {
    this.#fence = null;
    this.#holds = this.#blank = this.#over = false;
  }

  #take(line: string, whole: boolean): void {
    if (this.#fence !== null) {
      if (whole && closes(line, this.#fence)) [this.#fence, this.#over] = [null, true];
      return;
    }
    if (BLANK.test(line)) {
      if (whole) this.#blank = true;
      return;
    }
    if (this.#line > this.start(this.count - 1) && this.#startsBlock(line, whole)) {
      this.#starts.push(this.#line);
      this.#begin();
    }
    if (whole) this.#remember(line);
  }

  #remember(line: string): void {
    this.#blank = this.#over = false;
    this.#holds ||= MARKER.test(line) || NOTE.test(line);
    if (this.#holds) return;
    this.#fence = FENCE.exec(line)?.[1] ?? null;
    this.#over = HEADING.test(line);
  }

  /** Whether `line` cannot belong to what is open. A line that is not whole yet may leave that undecided: false. */
  #startsBlock(line: string, whole: boolean): boolean {
    if (this.#over) return true;
    if (this.#holds && /^\s/.test(line)) return false;
    if (!this.#blank) return whole ? FENCE.test(line) || HEADING.test(line) : HEADING_SO_FAR.test(line);
    if (this.#holds) return !MARKER.test(line) && (whole || !MARKER_SO_FAR.test(line));
    return /^ {0,3}\S/.test(line);
  }
}

function closes(line: string, fence: string): boolean {
  const bare = line.trim();
  return /^ {0,3}\S/.test(line) && bare.length >= fence.length && bare === fence.charAt(0).repeat(bare.length);
}
