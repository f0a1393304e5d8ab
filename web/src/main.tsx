// The page: cameras live, what happened at them, their zones, and how the system does; all of it from the gateway that serves it.
import { render } from 'preact';

import './base.css';
import './shell.css';
import './style.css';
import { startKeys } from './keys';
import { startTheme } from './theme';
import { App } from './ui/app';

startTheme();
startKeys();
render(<App />, document.getElementById('app')!);
