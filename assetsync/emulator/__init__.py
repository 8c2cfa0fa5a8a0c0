"""The local service: a Serverless API and its asset host on loopback.

    request -> app or direct -> core -> api (one file a resource) or hosting -> answer

`settings` every switch, with its source · `store`, `schema`, `content` what survives a restart · `messages` requests
and answers as values · `bodies` forms and uploads · `core` authentication, routing, faults, log · `api` the resources
· `hosting` what an Environment serves · `live` pages that reload by themselves · `retention` what Twilio's clean-up
would take · `app`, `server` the socket · `direct` the same core without one · `local` the instance that belongs to a
state folder.
"""
