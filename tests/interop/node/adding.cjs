// A deployer of our own that adds files to what is live, every request of which Twilio's published
// `@twilio-labs/serverless-api` makes. Arguments: the library's folder, the Account SID, the Auth Token. One job as JSON
// on stdin, its result as JSON on stdout.
'use strict';
const { EventEmitter } = require('events');
const { readFileSync } = require('fs');
const { join } = require('path');

const [library, username, password] = process.argv.slice(2);
const { TwilioServerlessApiClient } = require(library);
const part = (name) => require(join(library, 'dist', 'api', name));
const { createAssetResource, createAssetVersion, listAssetResources } = part('assets');
const { activateBuild, getBuild, triggerBuild, waitForSuccessfulBuild } = part('builds');
const { createEnvironmentFromSuffix, getEnvironment } = part('environments');
const { listFunctionResources } = part('functions');
const { createService } = part('services');

const client = new TwilioServerlessApiClient({ username, password });

async function liveVersions({ service, environment }) {
  const { build_sid: sid } = await getEnvironment(environment, service, client);
  return sid ? (await getBuild(sid, service, client)).asset_versions : [];
}

async function uploaded({ service }, held, { name, path, access, content }) {
  const known = held.find((asset) => asset.friendly_name === name);
  const { sid } = known || await createAssetResource(name, service, client);
  const file = { sid, name, path, access, content: Buffer.from(content, 'base64') };
  return createAssetVersion(file, service, client, {});
}

const jobs = {
  async make({ name }) {
    const service = await createService(name, client);
    return { service, environment: await createEnvironmentFromSuffix('', service, client) };
  },

  async add(job) {
    const { service, environment, files } = job;
    const held = await listAssetResources(service, client);
    const added = await Promise.all(files.map((file) => uploaded(job, held, file)));
    const replaced = new Set(added.map((version) => version.asset_sid));
    const kept = (await liveVersions(job)).filter((version) => !replaced.has(version.asset_sid));
    const assetVersions = [...added, ...kept].map((version) => version.sid);
    const build = await triggerBuild({ assetVersions }, service, client);
    await waitForSuccessfulBuild(build.sid, service, client, new EventEmitter());
    await activateBuild(build.sid, environment, service, client);
    return added;
  },

  async name({ service, names }) {
    return Promise.all(names.map((name) => createAssetResource(name, service, client)));
  },

  async list(job) {
    const [assets, functions, live] = await Promise.all([
      listAssetResources(job.service, client), listFunctionResources(job.service, client), liveVersions(job),
    ]);
    return { assets, functions, live };
  },
};

const { job, ...rest } = JSON.parse(readFileSync(0, 'utf8'));
jobs[job](rest).then(
  (result) => process.stdout.write(JSON.stringify(result)),
  (problem) => {
    process.stderr.write(`${problem.message} ${problem.response ? JSON.stringify(problem.response.body) : ''}\n`);
    process.exitCode = 1;
  },
);
