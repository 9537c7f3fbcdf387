// telegraf, its apiRoot pointed at the emulator, with the slash at its end that the library needs: a bot that talks back, by polling or by webhook, and calls by hand.
import { createServer } from "node:http";
import { Markup, Telegraf } from "telegraf";
import { message } from "telegraf/filters";

export async function open({ base, token, secret, hook }, tell) {
  const bot = new Telegraf(token, { telegram: { apiRoot: `${base}/telegram/`, webhookReply: Boolean(hook) } });
  bot.start((ctx) => ctx.replyWithHTML("<b>Tea?</b>", Markup.inlineKeyboard([Markup.button.callback("Yes", "yes")])));
  bot.action("yes", async (ctx) => {
    await ctx.answerCbQuery("Boiling");
    await ctx.editMessageText("Boiling.");
    await ctx.telegram.sendMessage(ctx.chat.id, "Which?", Markup.keyboard([["Black", "Green"]]).resize());
  });
  bot.on(message("document"), async (ctx) => {
    const link = await ctx.telegram.getFileLink(ctx.message.document.file_id);
    const text = await (await fetch(link)).text();
    await ctx.telegram.sendDocument(ctx.chat.id, { source: Buffer.from(text.toUpperCase()), filename: "loud.txt" }, { caption: "Louder" });
  });
  bot.on(message("text"), (ctx) => ctx.reply(`Heard ${ctx.message.text}`));
  bot.catch((error) => tell({ event: "error", message: error.message }));

  let server = null;
  return {
    poll: () => void bot.launch({ dropPendingUpdates: false }),
    listen: async () => {
      server = createServer(bot.webhookCallback("/hook", { secretToken: secret }));
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      return bot.telegram.setWebhook(`http://127.0.0.1:${server.address().port}/hook`, { secret_token: secret });
    },
    stop: () => bot.stop("test"),
    me: () => bot.telegram.getMe(),
    hook: () => bot.telegram.getWebhookInfo(),
    text: (chat, text, extra) => bot.telegram.sendMessage(chat, text, extra),
    photo: (chat, bytes, extra) => bot.telegram.sendPhoto(chat, { source: Buffer.from(bytes, "base64") }, extra),
    album: (chat, ...names) =>
      bot.telegram.sendMediaGroup(chat, names.map((name) => ({ type: "document", media: { source: Buffer.from(name), filename: name } }))),
    edit: (chat, number, text) => bot.telegram.editMessageText(chat, number, undefined, text),
    remove: (chat, number) => bot.telegram.deleteMessage(chat, number),
    updates: () => bot.telegram.getUpdates(0, 1, 0, undefined),
    poll_of: (chat, question, options) => bot.telegram.sendPoll(chat, question, options, { is_anonymous: false }),
  };
}
