import { vocabulary } from '../../../i18n';
import de from './de.json';
import en from './en.json';
import it from './it.json';

export const t = vocabulary({ it, de, en });
