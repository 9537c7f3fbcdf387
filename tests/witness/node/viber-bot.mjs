// Viber's own library, its one address pointed at the emulator. It checks the signature itself and calls back only then.
import { createServer } from "node:http";
import viber from "viber-bot";

const { Bot, Events, Message, UserProfile } = viber;
const EVENTS = ["subscribed", "unsubscribed", "conversation_started", "message", "delivered", "seen", "failed"];
const ADVANCED = [null, null, null, 3]; // Tracking data, timestamp, token and the least API version of a device.

export async function open({ base, token, welcome }, tell) {
  const bot = new Bot({ authToken: token, name: "Post office", avatar: "https://post.example/a.png", registerToEvents: EVENTS });
  bot._client._url = `${base}/viber/pa`;
  bot.on(Events.MESSAGE_RECEIVED, (message, response, silent) =>
    tell({ ...message.toJson(), event: "message", kind: message.constructor.name, person: response.userProfile.id, silent }));
  bot.on(Events.SUBSCRIBED, (response) => tell({ event: "subscribed", person: response.userProfile.id }));
  bot.on(Events.UNSUBSCRIBED, (person) => tell({ event: "unsubscribed", person }));
  bot.onConversationStarted((person, subscribed, context, answer) => {
    tell({ event: "conversation_started", person: person.id, subscribed, context });
    if (welcome) answer(new Message.Text(welcome));
  });
  for (const event of ["delivered", "seen"]) bot.on(event, (data) => tell({ event, person: data.user_id, token: String(data.message_token) }));
  bot.onError((data) => tell({ event: "failed", person: data.user_id, token: String(data.message_token), desc: data.desc }));

  const server = createServer(bot.middleware());
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const to = (person) => new UserProfile(person);
  const send = (person, message) => bot.sendMessage(to(person), message);

  return {
    subscribe: () => bot.setWebhook(`http://127.0.0.1:${server.address().port}/`),
    profile: () => bot.getBotProfile(),
    details: (person) => bot.getUserDetails(to(person)),
    online: (people) => bot.getOnlineStatus(people),
    text: (person, text) => send(person, new Message.Text(text)),
    keyboard: (person, text, keyboard) => send(person, new Message.Text(text, keyboard, ...ADVANCED)),
    file: (person, url, size, name) => send(person, new Message.File(url, size, name)),
    picture: (person, url, text) => send(person, new Message.Picture(url, text)),
    video: (person, url, size) => send(person, new Message.Video(url, size)),
    contact: (person, name, number) => send(person, new Message.Contact(name, number)),
    location: (person, lat, lon) => send(person, new Message.Location(lat, lon)),
    url: (person, url) => send(person, new Message.Url(url)),
    sticker: (person, id) => send(person, new Message.Sticker(id)),
    hear: async (body, signature) => {
      const address = `http://127.0.0.1:${server.address().port}/?sig=${signature}`;
      // What is signed wrongly the library leaves without any answer.
      return fetch(address, { method: "POST", body, signal: AbortSignal.timeout(500) }).then((answer) => answer.status, () => null);
    },
    richMedia: (person, media) => send(person, new Message.RichMedia(media, null, null, null, null, "alt", 2)),
  };
}
