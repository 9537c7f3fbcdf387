// Decides how a test drives a client library of node: calls come as lines on stdin, results and events leave on stdout.
// It has never heard of any library; each has a module that exports open(options, tell) and returns its calls.
import { createInterface } from "node:readline";

const [library, options] = process.argv.slice(2);
const tell = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const { open } = await import(`./${library}.mjs`);
const calls = await open(JSON.parse(options), (event) => tell({ event }));
tell({ result: null });

for await (const line of createInterface({ input: process.stdin })) {
  const [call, ...args] = JSON.parse(line);
  try {
    tell({ result: (await calls[call](...args)) ?? null });
  } catch (error) {
    tell({ error: await described(error) });
  }
}
process.exit(0);

// What a library throws: errors of every kind, and with some the answer itself.
async function described(error) {
  if (!(error instanceof Error)) return { name: "", message: "", answer: error };
  const response = error.response;
  let answer = response?.data ?? null;
  if (response && typeof response.json === "function" && !response.bodyUsed) answer = await response.json().catch(() => null);
  const headers = response?.headers;
  const retryAfter = headers?.get?.("retry-after") ?? headers?.["retry-after"] ?? error.parameters?.retry_after ?? null;
  const code = error.code ?? null;
  return { name: error.constructor.name, message: error.message, code, status: response?.status ?? null, answer, retryAfter };
}
