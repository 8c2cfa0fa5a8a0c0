"""Live reload: pages of a watched site are told what a Deployment changed.

    PUT /_emulator/live/<domain> -> document -> LiveSites -> site -> event_stream -> client.js in each open page

`document` what whoever watches says · `site` what a site's pages are told, and since when · `control` the page for
that · `injection` the script tag in an HTML document · `serving` a watched site's answers · `mount` its events ·
`client.js` what runs in the page.
"""
