// An authorization server for client credentials, on loopback. Arguments: a port, or 0 for any, and its clients as JSON, each with
// how many seconds its tokens are good for. Says on standard output where it listens.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [port, text] = process.argv.slice(2);
const clients = JSON.parse(text);
const life = new Map(clients.map(({ client_id, life_s }) => [client_id, life_s]));

const server = createServer();
server.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: clients.map(({ life_s, ...client }) => ({
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'events.read events.write',
      ...client,
    })),
    scopes: ['events.read', 'events.write'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
    ttl: { ClientCredentials: (_, __, client) => life.get(client.clientId) },
  });
  server.on('request', provider.callback());
  console.log(`listening on ${issuer}`);
});
