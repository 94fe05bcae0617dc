// Entry point: fonts, tokens, the shell. Pages and the map are loaded when they are needed.
import '@fontsource/atkinson-hyperlegible-next/latin-400.css';
import '@fontsource/atkinson-hyperlegible-next/latin-600.css';
import { mount } from 'svelte';
import './tokens.css';
import './app.css';
import App from './App.svelte';

mount(App, { target: document.getElementById('app')! });
