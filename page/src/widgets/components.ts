import { drawButton } from "./button";
import { drawChart } from "./chart_figure";
import { drawDatePicker, drawRadioGroup, drawSelect } from "./choices";
import { drawBox, drawCol, drawDivider, drawForm, drawRow, drawSpacer, drawTransition } from "./containers";
import { drawBadge, drawIcon, drawImage } from "./content";
import { drawCheckbox, drawInput, drawLabel, drawTextarea } from "./fields";
import { drawBasic, drawCard, drawList, drawListItem } from "./roots";
import type { Draw } from "./scope";
import { drawTable, drawTableCell, drawTableRow } from "./table";
import { drawCaption, drawMarkdown, drawText, drawTitle } from "./texts";

/** Every component by its type. A new one is a function and a line here. */
export const DRAWINGS: Readonly<Record<string, Draw>> = {
  Badge: drawBadge,
  Basic: drawBasic,
  Box: drawBox,
  Button: drawButton,
  Caption: drawCaption,
  Card: drawCard,
  Chart: drawChart,
  Checkbox: drawCheckbox,
  Col: drawCol,
  DatePicker: drawDatePicker,
  Divider: drawDivider,
  Form: drawForm,
  Icon: drawIcon,
  Image: drawImage,
  Input: drawInput,
  Label: drawLabel,
  ListView: drawList,
  ListViewItem: drawListItem,
  Markdown: drawMarkdown,
  RadioGroup: drawRadioGroup,
  Row: drawRow,
  Select: drawSelect,
  Spacer: drawSpacer,
  Table: drawTable,
  "Table.Cell": drawTableCell,
  "Table.Row": drawTableRow,
  Text: drawText,
  Textarea: drawTextarea,
  Title: drawTitle,
  Transition: drawTransition,
};
