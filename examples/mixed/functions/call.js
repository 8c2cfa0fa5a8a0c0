// Deployed by the Serverless Toolkit (`twilio-run deploy --functions-folder functions --no-assets`), not by assetsync.
exports.handler = function (context, event, callback) {
  const hours = JSON.parse(Runtime.getAssets()["/internal/hours.json"].open());
  const twiml = new Twilio.twiml.VoiceResponse();
  twiml.play("/media/welcome.wav");
  twiml.say(`We are open from ${hours.open} to ${hours.close}.`);
  callback(null, twiml);
};
