// This browser as an address: it subscribes with the twin's key and is then told even while no page is open.
import { getPushKey } from '../../api/notifying';

export const canPush = () => 'serviceWorker' in navigator && 'PushManager' in window && window.isSecureContext;

function decoded(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/').padEnd(Math.ceil(text.length / 4) * 4, '='));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

/** The browser's subscription as the twin keeps it. Rejects where the person or the browser says no. */
export async function subscribe(): Promise<string> {
  const registration = await navigator.serviceWorker.register('/push.js');
  const key = decoded(await getPushKey());
  const found = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  return JSON.stringify(found.toJSON());
}
