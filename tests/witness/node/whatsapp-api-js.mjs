// A framework with a hard-coded host: its fetch leads to the emulator. It checks signatures and tells what came.
import { WhatsAppAPI } from "whatsapp-api-js";
import { ActionButtons, Body, Button, Document, Interactive, Text } from "whatsapp-api-js/messages";
import { Node18 } from "whatsapp-api-js/setup/node";

export async function open({ base, token, number, secret }, tell) {
  const there = (url, options) => fetch(String(url).replace("https://graph.facebook.com", `${base}/whatsapp`), options);
  const api = new WhatsAppAPI(Node18({ token, appSecret: secret, v: "v20.0", ponyfill: { fetch: there } }));
  api.on.message = ({ from, message }) => tell({ event: "message", from, message });
  api.on.status = ({ id, status, error, biz_opaque_callback_data }) =>
    tell({ event: "status", id, status, code: error?.code ?? null, tracker: biz_opaque_callback_data ?? null });
  return {
    text: (to, text) => api.sendMessage(number, to, new Text(text)),
    buttons: (to, text, ...titles) =>
      api.sendMessage(number, to, new Interactive(new ActionButtons(...titles.map((title) => new Button(`id-${title}`, title))), new Body(text))),
    document: (to, link) => api.sendMessage(number, to, new Document(link, false, "Look", "a.pdf")),
    read: (id) => api.markAsRead(number, id, "text"),
    upload: (text, type) => {
      const form = new FormData();
      form.set("file", new Blob([text], { type }), "a");
      return api.uploadMedia(number, form);
    },
    media: (id) => api.retrieveMedia(id),
    forget: (id) => api.deleteMedia(id),
    hear: (body, signature) => api.post(JSON.parse(body), body, signature),
  };
}
