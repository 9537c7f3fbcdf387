// Serves telegram-test-api on the port that is given, and says when it is ready. It keeps what it is sent for a minute.
import server from "telegram-test-api";

const TelegramServer = server.default ?? server;
const port = Number(process.argv[2]);
await new TelegramServer({ host: "127.0.0.1", port }).start();
console.log(`telegram-test-api ready on http://127.0.0.1:${port}`);
