// Loaded into a Node process before its own script: whoever looks up another host gets none.
const dns = require("node:dns");

const { lookup } = dns;

dns.lookup = (host, ...rest) => {
  if (host === "localhost" || host === "::1" || host.startsWith("127.")) {
    return lookup(host, ...rest);
  }
  console.error(`refused to look up ${host}`);
  const done = rest.at(-1);
  process.nextTick(done, new Error(`refused: ${host}`));
};
