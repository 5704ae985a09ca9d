interface Options {
  readonly isDevelopment: boolean;
  readonly hasGraphiql: boolean;
}

function policy(parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
}

/**
 * The headers of the static files, in the form that Cloudflare reads from `_headers`. The pages load nothing from elsewhere
 * but media, which lie wherever Kling puts them and wherever callers' own videos are.
 */
export function headersFile({ isDevelopment, hasGraphiql }: Options): string {
  // The sandbox's pictures, videos and sounds come over http.
  const media = isDevelopment ? `'self' https: http: blob:` : `'self' https: blob:`;
  const shared = {
    'default-src': "'none'",
    'script-src': "'self'",
    'connect-src': "'self'",
    'font-src': "'self' data:",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  };
  const studio = policy({ ...shared, 'style-src': "'self'", 'img-src': media, 'media-src': media });
  // Its editor makes its styles as it goes.
  const graphiql = policy({
    ...shared,
    'style-src': "'self' 'unsafe-inline'",
    'img-src': "'self' data:",
    'worker-src': "'self'",
  });
  const lines = [
    '/*',
    `  Content-Security-Policy: ${studio}`,
    '  X-Content-Type-Options: nosniff',
    '  X-Frame-Options: DENY',
    '  Referrer-Policy: no-referrer',
    '  Cross-Origin-Opener-Policy: same-origin',
    '  Cross-Origin-Resource-Policy: same-origin',
    '  Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    // A browser would hold every other server of the developer's to it, at whatever port.
    ...(isDevelopment ? [] : ['  Strict-Transport-Security: max-age=31536000; includeSubDomains']),
    '/studio/*',
    '  Cache-Control: public, max-age=31536000, immutable',
    ...(isDevelopment ? ['/development.json', '  Cache-Control: no-store'] : []),
    ...(hasGraphiql ? ['/graphiql', '  ! Content-Security-Policy', `  Content-Security-Policy: ${graphiql}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
