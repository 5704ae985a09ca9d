import { defaultFieldResolver } from 'graphql';
import { compileArguments } from './arguments.ts';
import { createLazyInfo } from './lazy-info.ts';
import { createResolveInfo } from './resolve-info.ts';
import type { Frame } from './frame.ts';
import type { Site } from './site.ts';

/** How a field gets its value from a source. */
export interface FieldReading {
  /** By its resolver, or graphql's default one. */
  readonly resolve: (source: unknown, frame: Frame) => unknown;
  /** The value where the field's property is a function. */
  readonly callMethod: (source: Readonly<Record<PropertyKey, unknown>>, method: unknown, frame: Frame) => unknown;
}

export function compileRead(site: Site): FieldReading {
  const { name } = site.field;
  const readArguments = compileArguments(site);
  const resolver = site.field.resolve ?? defaultFieldResolver;
  const createInfo = readsInfo(resolver) ? createResolveInfo : createLazyInfo;
  const resolve: FieldReading['resolve'] = (source, frame) =>
    resolver(source, readArguments(frame.run), frame.run.contextValue, createInfo(site, frame));
  if (resolver !== defaultFieldResolver) return { resolve, callMethod: asItIs };

  return {
    resolve,
    callMethod: (source, _method, frame) => {
      // Read again, as the default resolver does.
      const method = source[name];
      if (typeof method !== 'function') return resolve(source, frame);
      const info = createResolveInfo(site, frame);
      return Reflect.apply(method, source, [readArguments(frame.run), frame.run.contextValue, info]);
    },
  };
}

/**
 * The property that a field reads of an object without doing anything else: that of its name, or what Pothos exposes and
 * no plugin has put something around. Null where there is more to it: wrong arguments are an error even if nothing reads them.
 */
export function propertyOf({ field }: Site): string | null {
  const { args, name, resolve, extensions } = field;
  if (args.length > 0) return null;
  if (resolve === undefined || resolve === null || resolve === defaultFieldResolver) return name;
  const { pothosExposedField, pothosOriginalResolve } = extensions;
  return pothosOriginalResolve === resolve && typeof pothosExposedField === 'string' ? pothosExposedField : null;
}

function asItIs(_source: unknown, method: unknown): unknown {
  return method;
}

/** Whether it may do with its fourth argument what only works with a plain object, such as a spread. */
function readsInfo({ length }: { readonly length: number }): boolean {
  return length === 0 || length > 3;
}
