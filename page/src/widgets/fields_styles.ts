import { css } from "lit";

/** Fields, their labels and the marks beside them. */
export const fields = css`
  .field {
    background: var(--ck-surface);
    border: 1px solid var(--ck-border-field);
    border-radius: var(--round);
    font-size: var(--font);
    inline-size: 100%;
    line-height: 1.4;
    min-block-size: var(--height);
    min-inline-size: 0;
    padding: 0.25em var(--gutter, 0.75em);
  }
  .field::placeholder,
  .editable::placeholder {
    color: var(--ck-text-tertiary);
    opacity: 1;
  }
  .field:is([data-variant="soft"], [data-variant="solid"]) {
    background: var(--ck-hover);
    border-color: transparent;
  }
  .field[data-variant="solid"] {
    background: var(--ck-border);
  }
  .field[data-variant="ghost"] {
    background: none;
    border-color: transparent;
  }
  .field[data-variant="ghost"]:hover:not(:disabled) {
    background: var(--ck-hover);
  }
  .field[data-variant="soft"]:hover:not(:disabled) {
    background: var(--ck-border);
  }
  .field:focus-visible {
    outline-offset: -1px;
  }
  .field:user-invalid {
    border-color: var(--ck-danger);
  }
  .field:disabled {
    opacity: 0.55;
  }
  .field[data-pill] {
    --gutter: 1em;
    border-radius: var(--ck-radius-full);
  }
  .field[data-gutter="2xs"] {
    --gutter: 0.25rem;
  }
  .field[data-gutter="xs"] {
    --gutter: 0.375rem;
  }
  .field[data-gutter="sm"] {
    --gutter: 0.5rem;
  }
  .field[data-gutter="md"] {
    --gutter: 0.75rem;
  }
  .field[data-gutter="lg"] {
    --gutter: 1rem;
  }
  .field[data-gutter="xl"] {
    --gutter: 1.25rem;
  }
  textarea.field {
    padding-block: 0.5em;
    resize: vertical;
  }
  textarea:is([data-autosize], .editable) {
    field-sizing: content;
    max-block-size: calc(var(--max-rows, 30) * 1lh + 1em + 2px);
    resize: none;
  }
  .editable {
    background: none;
    border: 1px dashed var(--ck-border-field);
    border-radius: var(--ck-radius-sm);
    inline-size: 100%;
    padding: 0.125em 0.375em;
  }
  .editable:hover,
  .editable:focus {
    background: var(--ck-hover);
  }

  .picker {
    align-items: center;
    align-self: start;
    display: inline-flex;
    max-inline-size: 100%;
    min-inline-size: 10rem;
    position: relative;
  }
  .form > .picker,
  .picker[data-block] {
    align-self: stretch;
    inline-size: 100%;
  }
  .row > .picker {
    align-self: center;
  }
  select.field {
    appearance: none;
    cursor: pointer;
    padding-inline-end: 2.25em;
    text-overflow: ellipsis;
  }
  .picker[data-clearable] select.field {
    padding-inline-end: 4em;
  }
  select.field[data-empty] {
    color: var(--ck-text-tertiary);
  }
  select.field option {
    background: var(--ck-surface-raised);
    color: var(--ck-text);
  }
  .picker-icon,
  .picker > .spinner {
    color: var(--ck-text-secondary);
    inset-inline-end: 0.75em;
    pointer-events: none;
    position: absolute;
  }
  .clear {
    align-items: center;
    background: none;
    block-size: 1.5rem;
    border: 0;
    border-radius: var(--ck-radius-sm);
    color: var(--ck-text-secondary);
    display: inline-flex;
    inline-size: 1.5rem;
    inset-inline-end: 2em;
    justify-content: center;
    padding: 0;
    position: absolute;
  }
  input + .clear,
  .placeholder + .clear {
    inset-inline-end: 2.25em;
  }
  .picker[data-clearable] input[type="date"] {
    padding-inline-end: 0.75em;
  }
  .clear:hover {
    background: var(--ck-hover);
    color: var(--ck-text);
  }
  .placeholder {
    color: var(--ck-text-tertiary);
    font-size: 0.875rem;
    inset-inline-start: 0.75rem;
    pointer-events: none;
    position: absolute;
  }
  [type="date"]:not([data-empty]) + .placeholder,
  [type="date"]:focus + .placeholder {
    display: none;
  }
  [type="date"][data-empty]:not(:focus):has(+ .placeholder)::-webkit-datetime-edit {
    opacity: 0;
  }
  [type="date"][data-align="center"] {
    text-align: center;
  }
  [type="date"][data-align="end"] {
    text-align: end;
  }

  .check {
    align-items: start;
    display: inline-flex;
    gap: calc(2 * var(--ck-space));
    inline-size: fit-content;
    max-inline-size: 100%;
  }
  .check > input {
    accent-color: var(--ck-accent);
    block-size: 1.125rem;
    flex: none;
    inline-size: 1.125rem;
    margin-block-start: 0.1875rem;
  }
  .check > label {
    cursor: pointer;
    min-block-size: 1.5rem;
  }
  .check:has(:disabled) > label {
    cursor: default;
    opacity: 0.55;
  }
  .check[data-pending] {
    opacity: 0.5;
  }
  .radios {
    border: 0;
    display: flex;
    flex-wrap: wrap;
    gap: calc(1.5 * var(--ck-space)) calc(4 * var(--ck-space));
    margin: 0;
    min-inline-size: 0;
    padding: 0;
  }
  .radios[data-direction="col"] {
    flex-direction: column;
  }
  .label {
    display: block;
    font-weight: 500;
  }
  .label[data-size="xs"] {
    font-size: 0.75em;
  }
  .label[data-size="sm"] {
    font-size: 0.875em;
  }
  .label[data-size="md"] {
    font-size: 1em;
  }
  .label[data-size="lg"] {
    font-size: 1.125em;
  }
  .label[data-size="xl"] {
    font-size: 1.25em;
  }
  :is(.form, .card-body, .col) > .label {
    margin-block-end: calc(-1.5 * var(--ck-space));
  }
`;
