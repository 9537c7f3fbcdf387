// Bottender's client, its origin pointed at the emulator. It sends the token as a header and has no webhook of its own.
import messaging from "messaging-api-viber";

export async function open({ base, token }) {
  const client = new messaging.ViberClient({ accessToken: token, sender: { name: "Post office" }, origin: `${base}/viber` });
  return {
    account: () => client.getAccountInfo(),
    details: (person) => client.getUserDetails(person),
    online: (people) => client.getOnlineStatus(people),
    subscribe: (url) => client.setWebhook(url),
    text: (person, text, options) => client.sendText(person, text, options),
    file: (person, file) => client.sendFile(person, file),
    broadcast: (people, text) => client.broadcastText(people, text),
  };
}
