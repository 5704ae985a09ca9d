/** A Worker that only streams parts into its bucket: the least that a resumable upload costs. */

interface Env {
  readonly MEDIA: R2Bucket;
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const key = pathname.slice(1);
    const uploadId = searchParams.get('upload');
    if (uploadId === null) return new Response((await env.MEDIA.createMultipartUpload(key)).uploadId);
    const upload = env.MEDIA.resumeMultipartUpload(key, uploadId);
    if (request.method === 'POST') {
      await upload.complete(await request.json());
      return new Response(null, { status: 204 });
    }
    if (request.body === null) return new Response(null, { status: 400 });
    const { readable, writable } = new FixedLengthStream(Number(request.headers.get('content-length')));
    const number = Number(searchParams.get('part'));
    const [part] = await Promise.all([upload.uploadPart(number, readable), request.body.pipeTo(writable)]);
    return Response.json(part);
  },
} satisfies ExportedHandler<Env>;
