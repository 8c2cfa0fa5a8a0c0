// Loaded with `node --require`: what is meant for Twilio's Serverless hosts goes to the local service instead, and
// anything meant for anywhere else fails, so that a test never leaves this machine.
'use strict';
const http = require('http');
const https = require('https');

const local = new URL(process.env.ASSETSYNC_INTEROP_URL);
const HOSTS = /^(serverless|serverless-upload|api)\.twilio\.com$/;
const original = http.request;

function plain(url) {
  const auth = url.username ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : undefined;
  return { hostname: url.hostname, path: url.pathname + url.search, auth };
}

function redirected(...args) {
  const callback = typeof args[args.length - 1] === 'function' ? args.pop() : undefined;
  const asked = typeof args[0] === 'string' || args[0] instanceof URL
    ? { ...plain(new URL(args[0])), ...(args[1] || {}) }
    : { ...args[0] };
  const host = String(asked.hostname || asked.host || '').replace(/:\d+$/, '');
  if (!HOSTS.test(host) && host !== local.hostname) {
    throw new Error(`a test must not reach ${host}`);
  }
  return original({
    method: asked.method,
    path: asked.path,
    headers: asked.headers,
    auth: asked.auth,
    timeout: asked.timeout,
    protocol: 'http:',
    hostname: local.hostname,
    port: local.port,
  }, callback);
}

https.request = redirected;
http.request = redirected;
https.get = http.get = (...args) => {
  const request = redirected(...args);
  request.end();
  return request;
};
