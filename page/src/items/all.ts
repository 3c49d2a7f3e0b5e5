/** Makes all elements of items known. */
import "./answer_actions";
import "./attachment";
import "./entity_chip";
import "./generated_image";
import "./selection_quote";
import "./sources";
import "./structured_input";
import "./task";
import "./workflow";
