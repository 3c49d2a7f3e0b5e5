/** The page of `GET /`: one element, which fills the window and talks to the server that the page came from. */
import "../element";
