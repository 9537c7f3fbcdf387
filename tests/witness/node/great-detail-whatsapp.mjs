// The successor of Meta's own SDK, its base pointed at the emulator.
import Client from "@great-detail/whatsapp";

export async function open({ base, token, number, secret }) {
  const request = { headers: { Authorization: `Bearer ${token}` }, retry: 0 };
  const client = new Client({ prefixUrl: `${base}/whatsapp`, request });
  const send = (message) => client.message.createMessage({ phoneNumberID: number, ...message }).json();
  return {
    send,
    read: (id) => client.message.createStatus({ phoneNumberID: number, status: "read", message_id: id, typing_indicator: { type: "text" } }).json(),
    upload: (text, type) => client.media.upload({ phoneNumberID: number, file: new Blob([text], { type }), filename: "a", mimeType: type }).json(),
    media: (id) => client.media.getURL({ mediaID: id }).json(),
    forget: (id) => client.media.delete({ mediaID: id }).json(),
    number: () => client.phoneNumbers.getPhoneNumber({ phoneNumberID: number }).json(),
    hear: async (body, signature) => {
      const heard = await client.webhook.eventNotification({ method: "POST", query: {}, headers: { "x-hub-signature-256": signature }, body });
      await heard.verifySignature(secret);
      return heard.eventNotification;
    },
  };
}
