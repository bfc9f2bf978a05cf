// The official SDKs and plain sockets against the gateway of examples/server.c. Run by tests/clients.sh, which says
// in variables where the gateways are: BEHIND_<FORMAT> = the port of the one whose provider speaks that format.
//
//   node tests/clients/run.mjs [PART-OF-A-NAME]

import { assert, run, test } from './harness.mjs';
import { tests as anthropic } from './anthropic.mjs';
import { tests as openai } from './openai.mjs';
import { tests as http } from './http.mjs';

const backs = { 'anthropic-messages': process.env.BEHIND_MESSAGES, 'openai-chat': process.env.BEHIND_CHAT };
const fronts = [
    { path: '/v1/messages', tests: anthropic },
    { path: '/v1/chat/completions', tests: openai },
];

// A format that the header was built without is one failure that says so, not hundreds.
for (const front of fronts)
    for (const [back, port] of Object.entries(backs)) {
        const probe = await fetch(`http://127.0.0.1:${port}${front.path}`, { method: 'POST', body: '{}' });
        const says = await probe.text();
        if (probe.status === 501) test(`${front.path}, ${back} behind`, () => assert.fail(says));
        else front.tests(back, port);
    }
http(backs['anthropic-messages']);
process.exitCode = (await run(process.argv[2])) ? 0 : 1;
