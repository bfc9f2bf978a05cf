#!/usr/bin/env python3
"""A server for tests/platform/transport.c: what it does stands first in the path, /NAME/v1/chat/completions. It prints
"ports HTTP OTHER PROXY FULL", and a line for each request that it saw. With CERT and KEY it speaks TLS on HTTP.
OTHER is another origin, PROXY a proxy, FULL answers no connection. It ends when its stdin does."""
import hashlib, os, socket, ssl, struct, sys, threading, time

def chunk(text):
    data = text.encode()
    return b'%x\r\n%s\r\n' % (len(data), data)

def delta(text):
    return 'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % text

STOP = 'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
WHOLE = '{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}]}'
HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n'
ERROR = '{"error":{"message":"so it is","type":"t","code":"c"}}'

lock = threading.Lock()
connections = 0

def say(*words):
    with lock:
        print(*words, flush=True)

def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.close()

class Connection:
    def __init__(self, s, label):
        global connections
        with lock:
            connections += 1
            self.number = connections
        self.s, self.label, self.buffer = s, label, b''

    def more(self):
        data = self.s.recv(65536)
        self.buffer += data
        return data

    def line(self):
        while b'\r\n' not in self.buffer:
            if not self.more(): return None
        text, self.buffer = self.buffer.split(b'\r\n', 1)
        return text.decode('utf-8', 'replace')

    def head(self):
        first, self.headers = self.line(), {}
        if not first: return None
        while True:
            text = self.line()
            if not text: break
            name, value = text.split(':', 1)
            self.headers[name.lower()] = value.strip()
        return first.split(' ')

    def body(self):
        length = int(self.headers.get('content-length', 0))
        while len(self.buffer) < length:
            if not self.more(): break
        data, self.buffer = self.buffer[:length], self.buffer[length:]
        return data

    def send(self, *texts):
        for text in texts: self.s.sendall(text if isinstance(text, bytes) else text.encode())

    def stream(self, *texts, head=HEAD, end=True):
        self.send(head + '\r\n')
        for text in texts: self.send(chunk(text))
        if end: self.send('0\r\n\r\n')

    def whole(self, text, status='200 OK', headers='', length=None):
        data = text.encode()
        self.send('HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n' %
                  (status, len(data) if length is None else length, headers), data)

    def redirect(self, to, status='307 Temporary Redirect'):
        self.send('HTTP/1.1 %s\r\ncontent-length: 9\r\n%s\r\nElsewhere' % (status, 'location: %s\r\n' % to if to is not None else ''))

    def serve(self):
        while True:
            asked = self.head()
            if not asked: return
            if '://' in asked[1].split('?')[0]: asked[1] = '/' + asked[1].split('/', 3)[3]    # as Wine asks through a proxy
            path, query = (asked[1].split('?', 1) + [''])[:2]
            name = path.split('/')[1]
            if name == 'early':
                self.whole(ERROR, '413 Content Too Large', 'connection: close\r\n')
                return time.sleep(0.2)
            body = self.body()
            say(self.label, asked[0], asked[1], 'connection', self.number, 'key', self.headers.get('authorization'), 'bytes', len(body),
                hashlib.sha256(body).hexdigest()[:16], *sorted(h for h in self.headers if h not in
                ('host', 'authorization', 'content-length', 'content-type', 'connection')))
            if not self.answer(name, query) or self.headers.get('connection') == 'close': return

    # Returns whether the connection goes on.
    def answer(self, name, query):
        if name == 'stream': self.stream(delta('one '), delta('zwei'), delta(' drei ü€😀'), STOP)
        elif name == 'whole': self.whole(WHOLE % 'whole')
        elif name == 'empty': self.whole('')
        elif name == 'close': self.send('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n', delta('to the end'), STOP); return False
        elif name == 'big': self.stream(*[delta('0123456789abcdef' * 60)] * 4000, STOP)
        elif name == 'bytes':
            self.send(HEAD + '\r\n')
            for c in delta('piecemeal') + STOP: self.send(chunk(c))
            self.send('0\r\n\r\n')
        elif name == 'slow':
            self.send(HEAD + '\r\n')
            for i in range(8): self.send(chunk(delta('%d ' % i))); time.sleep(0.15)
            self.send(chunk(STOP), '0\r\n\r\n')
        elif name == 'cut': self.stream(delta('half'), end=False); return False
        elif name == 'cut-event': self.stream(delta('half'), 'data: {"id":', end=False); return False
        elif name == 'cut-short': self.whole((WHOLE % 'short')[:40], length=400); return False
        elif name == 'reset': self.stream(delta('half'), end=False); time.sleep(0.2); reset(self.s); return False
        elif name == 'no-done': self.stream(delta('half'))
        elif name == 'drop': return False
        elif name == 'drop-once' and self.headers.get('x-try') is None and once(name): return False
        elif name == 'drop-once': self.whole(WHOLE % 'at last')
        elif name == 'reset-at-once': reset(self.s); return False
        elif name == 'no-http': self.send('what?\r\n\r\n'); return False
        elif name == 'hang': time.sleep(20); return False
        elif name == 'hang-in-stream': self.stream(delta('then nothing'), delta('more'), end=False); time.sleep(20); return False
        elif name == 'cookie': self.whole(WHOLE % 'cookie', headers='set-cookie: a=b; path=/\r\n')
        elif name == 'lines': self.whole(ERROR, '500 Broken', 'x-request-id:  id\r\nx-should-retry: false\r\n' + ''.join('x-%d: %d\r\n' % (i, i) for i in range(100)))
        elif name == '401': self.whole(ERROR, '401 Unauthorized', 'www-authenticate: Negotiate\r\nwww-authenticate: NTLM\r\nwww-authenticate: Basic realm="x"\r\n')
        elif name == '407': self.whole(ERROR, '407 Proxy Authentication Required', 'proxy-authenticate: Basic realm="x"\r\n')
        elif name == '429': self.whole(ERROR, '429 Too Many Requests', 'retry-after: 7\r\n')
        elif name == '204': self.send('HTTP/1.1 204 No Content\r\n\r\n')
        elif name == '304': self.send('HTTP/1.1 304 Not Modified\r\n\r\n')
        elif name == 'moved': self.redirect('/whole/', '302 Found')
        elif name == 'see-other': self.redirect('/whole/', '303 See Other')
        elif name == 'root': self.redirect('/stream/v1/chat/completions?from=root')
        elif name == 'beside': self.redirect('../../../x/../stream/./v1/chat/../chat/completions#here')
        elif name == 'absolute': self.redirect('http%s://%s/stream/absolute' % ('s' if tls else '', self.headers['host']), '308 Permanent Redirect')
        elif name == 'query': (self.stream(delta('asked'), STOP) if query == 'a=b' else self.redirect('?a=b'))
        elif name == 'round': self.redirect('completions')
        elif name == 'nowhere': self.redirect(None)
        elif name == 'other-port': self.redirect('http://127.0.0.1:%d/stream/stolen' % ports[1])
        elif name == 'other-host': self.redirect('http://localhost:%d/stream/stolen' % ports[0])
        elif name == 'no-scheme': self.redirect('//127.0.0.1:%d/stream/stolen' % ports[1])
        elif name == 'other-scheme': self.redirect('%s://%s/stream/stolen' % ('http' if tls else 'https', self.headers['host']))
        elif name == 'no-url': self.redirect('mailto:a@b')
        else: self.whole(ERROR, '404 Not Found')
        return True

seen = set()
def once(name):
    with lock:
        new = name not in seen
        seen.add(name)
    return new

def proxy(c):
    asked = c.head()
    if not asked: return
    say('proxy', asked[0], asked[1])
    if asked[0] == 'CONNECT': host, port = asked[1].rsplit(':', 1)
    else:
        host, port = asked[1].split('/')[2].rsplit(':', 1)
        asked[1] = '/' + asked[1].split('/', 3)[3]
    there = socket.create_connection((host, int(port)))
    if asked[0] == 'CONNECT': c.send('HTTP/1.1 200 Connection established\r\n\r\n')
    else:
        c.headers['connection'] = 'close'
        c.headers.pop('proxy-connection', None)
        there.sendall((' '.join(asked) + '\r\n' + ''.join('%s: %s\r\n' % h for h in c.headers.items()) + '\r\n').encode())
    there.sendall(c.buffer)
    def pump(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data: break
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError: pass
    back = threading.Thread(target=pump, args=(there, c.s), daemon=True)
    back.start()
    pump(c.s, there)
    back.join()

def run(c, how, secured):
    try:
        if secured:
            c.s.settimeout(10)
            c.s = context.wrap_socket(c.s, server_side=True)
            c.s.settimeout(None)
        how(c)
    except (OSError, ValueError) as why:
        if secured and isinstance(why, ssl.SSLError): say('tls', c.label, 'failed')
    try: c.s.shutdown(socket.SHUT_RDWR)
    except OSError: pass
    c.s.close()

def listen(label, how, secured):
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen(64)
    def loop():
        while True:
            peer, _ = s.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=run, args=(Connection(peer, label), how, secured), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
    return s.getsockname()[1]

# Nobody accepts here, and the queue is full: what connects hears nothing.
def full():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen(0)
    waiting = []
    for _ in range(4):
        w = socket.socket()
        w.setblocking(False)
        w.connect_ex(s.getsockname())
        waiting.append(w)
    return s, waiting

tls = len(sys.argv) > 2
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
stuck = full()
ports = [listen('http', Connection.serve, tls), listen('other', Connection.serve, False), listen('proxy', proxy, False), stuck[0].getsockname()[1]]
say('ports', *ports)
while os.read(0, 4096): pass
