#!/bin/sh
# Generates the three media files of the sandbox, and writes them as base64 modules. Needs ffmpeg with libx264, aac and libmp3lame.
# The files are a face whose mouth opens and closes, its portrait, and a tone.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# One pixel of the face, as nested conditions on X, Y (128 x 128) and T (seconds): mouth, pupils, eyes, head, background.
mouth='lte(hypot((X-64)/22\,(Y-90)/(2+7*abs(sin(5*T))))\,1)'
pupil='lte(min(hypot(X-46\,Y-54)\,hypot(X-82\,Y-54))\,4)'
eye='lte(min(hypot(X-46\,Y-54)\,hypot(X-82\,Y-54))\,9)'
head='lte(hypot((X-64)/44\,(Y-66)/54)\,1)'
pixel() { echo "if($mouth\\,$1\\,if($pupil\\,$2\\,if($eye\\,$3\\,if($head\\,$4\\,$5))))"; }
face="geq=r=$(pixel 150 40 250 240 40):g=$(pixel 40 40 250 190 70):b=$(pixel 60 60 250 150 120)"
canvas='color=c=black:s=128x128:r=8'

ffmpeg -v error -y -f lavfi -i "$canvas:d=5,format=rgb24,$face" -f lavfi -i 'sine=f=220:r=16000:d=5' \
  -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
  -c:v libx264 -preset veryslow -crf 34 -pix_fmt yuv420p -g 40 -c:a aac -b:a 8k -ac 1 -movflags +faststart "$tmp/video.mp4"
ffmpeg -v error -y -f lavfi -i "$canvas:d=1,format=rgb24,$face" -frames:v 1 -map_metadata -1 -fflags +bitexact \
  -pix_fmt rgb24 "$tmp/image.png"
ffmpeg -v error -y -f lavfi -i 'sine=f=440:r=8000:d=2' -map_metadata -1 -fflags +bitexact -id3v2_version 0 -write_xing 0 \
  -c:a libmp3lame -b:a 8k -ac 1 "$tmp/audio.mp3"

constant() { # file, name, sentence
  printf "/** %s Made by make.sh; base64. */\nexport const %s =\n  '%s';\n" "$3" "$2" "$(base64 -w0 "$tmp/$1")"
}
{
  constant audio.mp3 audioBase64 'An MP3 of 2 s: a tone.'
  echo
  constant image.png imageBase64 'A PNG of 128 by 128: the drawn face.'
  echo
  constant video.mp4 videoBase64 'An MP4 of 5 s, H.264 and AAC: a drawn face that speaks a tone.'
} > base64.ts
ls -l "$tmp"
