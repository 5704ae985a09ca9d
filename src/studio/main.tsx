import { StrictMode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { applyTheme } from './shell/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/tasks.css';
import './styles/lip-sync.css';
import './styles/timeline.css';
import './styles/voices.css';

applyTheme();
const root = document.querySelector('#root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <I18nProvider locale="en-US">
        <App />
      </I18nProvider>
    </StrictMode>,
  );
}
