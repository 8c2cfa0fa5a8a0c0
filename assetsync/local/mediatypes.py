"""The content type of a file, from its name and this table alone.

`mimetypes` differs between Python versions and machines, and the type is part of an asset's identity: a table that
moved would upload files anew. Audio is spelled as Twilio's `<Play>` documents it.
"""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "application/octet-stream"

# A type, then its extensions.
_TABLE: Final = """
text/html                          html htm shtml
text/css                           css
text/javascript                    js mjs cjs
text/plain                         txt text log conf cfg ini properties diff patch srt nfo
text/markdown                      md markdown mdown mkd
text/mdx                           mdx
text/csv                           csv
text/tab-separated-values          tsv tab
text/calendar                      ics ifb
text/vcard                         vcf vcard
text/vtt                           vtt
text/cache-manifest                appcache manifest
text/x-component                   htc
text/x-python                      py
text/x-c                           c h cc cpp hpp
text/x-java-source                 java
text/x-sass                        sass
text/x-scss                        scss
text/less                          less
text/jsx                           jsx
text/x-typescript                  tsx mts cts
text/x-handlebars-template         hbs handlebars
text/x-vue                         vue
text/x-svelte                      svelte
text/x-rst                         rst
text/x-asciidoc                    adoc asciidoc
application/json                   json map har topojson
application/json5                  json5
application/jsonl                  jsonl ndjson
application/ld+json                jsonld
application/geo+json               geojson
application/schema+json            jsonschema
application/manifest+json          webmanifest
application/graphql                graphql gql
application/yaml                   yaml yml
application/toml                   toml
application/xml                    xml xsd rng
application/xslt+xml               xsl xslt
application/xhtml+xml              xhtml xht
application/xml-dtd                dtd
application/rss+xml                rss
application/atom+xml               atom
application/opensearchdescription+xml  osdx
application/mathml+xml             mathml
application/gpx+xml                gpx
application/vnd.google-earth.kml+xml   kml
application/vnd.google-earth.kmz   kmz
application/ttml+xml               ttml dfxp
application/dash+xml               mpd
application/smil+xml               smil smi
application/wasm                   wasm
application/sql                    sql
application/x-sh                   sh bash
application/x-httpd-php            php
application/x-tex                  tex
application/vnd.apple.mpegurl      m3u8
audio/x-mpegurl                    m3u
application/pgp-signature          sig asc
application/pgp-encrypted          pgp gpg
application/x-x509-ca-cert         crt cer der
application/x-pem-file             pem
application/pkcs8                  p8
application/pkix-crl               crl
application/x-pkcs12               p12 pfx
font/woff                          woff
font/woff2                         woff2
font/ttf                           ttf
font/otf                           otf
font/collection                    ttc
application/vnd.ms-fontobject      eot
image/png                          png
image/apng                         apng
image/jpeg                         jpg jpeg jpe jfif pjpeg pjp
image/gif                          gif
image/webp                         webp
image/avif                         avif
image/avif-sequence                avifs
image/heic                         heic
image/heif                         heif
image/jxl                          jxl
image/jp2                          jp2
image/svg+xml                      svg
image/x-icon                       ico cur
image/bmp                          bmp dib
image/tiff                         tif tiff
image/vnd.adobe.photoshop          psd
image/ktx                          ktx
image/ktx2                         ktx2
image/vnd.radiance                 hdr
image/aces                         exr
image/x-portable-bitmap            pbm
image/x-portable-graymap           pgm
image/x-portable-pixmap            ppm
image/x-tga                        tga
application/postscript             ai eps ps
audio/mpeg                         mp3 mp2 mpga
audio/wav                          wav wave
audio/aiff                         aif aiff aifc
audio/gsm                          gsm
audio/ulaw                         ulaw ul
audio/basic                        au snd
audio/amr                          amr
audio/amr-wb                       awb
audio/aac                          aac adts
audio/mp4                          m4a m4b mp4a
audio/ogg                          ogg oga spx
audio/opus                         opus
audio/flac                         flac
audio/webm                         weba
audio/midi                         mid midi kar
audio/x-ms-wma                     wma
audio/x-caf                        caf
audio/x-matroska                   mka
audio/3gpp2                        3ga
video/mp4                          mp4 m4v mp4v
video/webm                         webm
video/ogg                          ogv
video/quicktime                    mov qt
video/mpeg                         mpg mpeg mpe m1v m2v
video/mp2t                         ts m2ts
video/iso.segment                  m4s
video/3gpp                         3gp 3gpp
video/3gpp2                        3g2
video/x-msvideo                    avi
video/x-matroska                   mkv
video/x-flv                        flv
video/x-ms-wmv                     wmv
application/pdf                    pdf
application/rtf                    rtf
application/epub+zip               epub
application/msword                 doc dot
application/vnd.openxmlformats-officedocument.wordprocessingml.document    docx
application/vnd.openxmlformats-officedocument.wordprocessingml.template    dotx
application/vnd.ms-excel           xls xlt
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet          xlsx
application/vnd.ms-powerpoint      ppt pps
application/vnd.openxmlformats-officedocument.presentationml.presentation  pptx
application/vnd.openxmlformats-officedocument.presentationml.slideshow     ppsx
application/vnd.oasis.opendocument.text          odt
application/vnd.oasis.opendocument.spreadsheet   ods
application/vnd.oasis.opendocument.presentation  odp
application/vnd.oasis.opendocument.graphics      odg
application/vnd.apple.pages        pages
application/vnd.apple.numbers      numbers
application/vnd.apple.pkpass       pkpass
application/vnd.visio              vsd
application/x-mobipocket-ebook     mobi prc
message/rfc822                     eml
application/zip                    zip
application/gzip                   gz tgz
application/x-tar                  tar
application/x-bzip2                bz2 tbz2
application/x-xz                   xz txz
application/x-brotli               br
application/zstd                   zst
application/x-7z-compressed        7z
application/vnd.rar                rar
application/java-archive           jar war
application/vnd.android.package-archive  apk
application/x-apple-diskimage      dmg
application/x-iso9660-image        iso
application/x-debian-package       deb
application/x-rpm                  rpm
application/x-msdownload           exe dll
application/x-msi                  msi
application/vnd.ms-cab-compressed  cab
application/x-chrome-extension     crx
application/x-xpinstall            xpi
application/x-bittorrent           torrent
application/vnd.sqlite3            sqlite sqlite3 db
application/vnd.apache.parquet     parquet
application/vnd.apache.arrow.file  arrow feather
application/protobuf               proto pb
application/msgpack                msgpack
application/cbor                   cbor
application/x-shockwave-flash      swf
model/gltf+json                    gltf
model/gltf-binary                  glb
model/obj                          obj
model/mtl                          mtl
model/stl                          stl
model/vnd.usdz+zip                 usdz
model/vnd.collada+xml              dae
"""

# Files that have to have this name and no extension.
_WHOLE_NAMES: Final = {
    "apple-app-site-association": "application/json",
    "apple-developer-merchantid-domain-association": "text/plain",
}

_BY_EXTENSION: Final[dict[str, str]] = {
    extension: row.split()[0] for row in _TABLE.strip().splitlines() for extension in row.split()[1:]
}

_TEXTLIKE: Final = frozenset({
    "application/ecmascript", "application/graphql", "application/javascript", "application/json", "application/json5",
    "application/jsonl", "application/sql", "application/toml", "application/vnd.apple.mpegurl",
    "application/x-javascript", "application/x-httpd-php", "application/x-sh", "application/x-tex",
    "application/xml", "application/xml-dtd", "application/yaml", "audio/x-mpegurl",
})  # fmt: skip


def media_type(name: str) -> str:
    """The type of a file of this base name, without parameters; UNKNOWN where the table is silent."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        return _WHOLE_NAMES.get(name, UNKNOWN)
    return _BY_EXTENSION.get(extension.lower(), UNKNOWN)


def with_charset(content_type: str, charset: str | None) -> str:
    """`content_type` with `; charset=` added where it is of text and has no parameter yet."""
    if charset is None or ";" in content_type or not is_text(content_type):
        return content_type
    return f"{content_type}; charset={charset}"


def is_text(content_type: str) -> bool:
    """Whether a type without parameters is text, so that a charset means something."""
    lower = content_type.lower()
    return lower.startswith("text/") or lower.endswith(("+json", "+xml")) or lower in _TEXTLIKE
