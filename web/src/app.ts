// Where the browser's part of Watchbell begins. The server draws the pages; each module here adds one
// convenience to them, and every page works, more slowly, without any of it.

import { setUpChat } from "./chat";
import { setUpConfirm, setUpDialogs } from "./confirm";
import { setUpCopy } from "./copy";
import { setUpFigure } from "./figure";
import { setUpForms } from "./forms";
import { setUpGraphs } from "./graph";
import { setUpHtmx } from "./htmx";
import { setUpKeyboard } from "./keyboard";
import { setUpLive } from "./live";
import { setUpMenus } from "./menu";
import { setUpMorph } from "./morph";
import { setUpResumable } from "./resume";
import { setUpTables } from "./table";
import { setUpTheme } from "./theme";
import { setUpTimes } from "./time";
import { setUpToasts } from "./toast";
import { setUpUploads } from "./upload";
import { setUpWorkflows } from "./workflow";

setUpConfirm();
setUpHtmx();
setUpMorph();
setUpToasts();
// Before the forms: a file that goes piece by piece is not theirs.
setUpResumable();
setUpForms();
setUpTheme();
setUpTimes();
setUpTables();
setUpCopy();
setUpMenus();
setUpDialogs();
setUpUploads();
setUpGraphs();
setUpChat();
setUpFigure();
setUpWorkflows();
setUpKeyboard();
setUpLive();
