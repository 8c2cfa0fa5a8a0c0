"""The console: what the local service holds and is asked, for people, in a browser, read-only.

    request -> mount (whose host, which page) -> reads of the store (places, files, history, items) -> pages -> HTML

`markup` markup that escapes by itself · `layout` what every page has · `origin` whom the pages are for · `links`
where things are · `remembered` friendly names of assetsync · `stream` the request log as events · `static` the style
sheet, the script, the icon.
"""
