// Shows what the twin tells this browser while no page of it is open. Registered only where somebody asks to be told.
self.addEventListener('push', (event) => {
  const told = event.data ? event.data.json() : { title: 'Sympolis', body: '' };
  event.waitUntil(self.registration.showNotification(told.title, { body: told.body, tag: told.id, data: told.link || '/#/notifications', icon: '/icon.svg' }));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
