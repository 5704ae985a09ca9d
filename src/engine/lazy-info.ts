import type { GraphQLResolveInfo } from 'graphql';
import { createResolveInfo } from './resolve-info.ts';
import type { Frame } from './frame.ts';
import type { Site } from './site.ts';

/** The same for a function that does not name it among its parameters: it is built if it is read nevertheless. */
export function createLazyInfo(site: Site, frame: Frame): GraphQLResolveInfo {
  return new LazyInfo(site, frame);
}

class LazyInfo implements GraphQLResolveInfo {
  readonly #site: Site;
  readonly #frame: Frame;
  #info: GraphQLResolveInfo | null = null;

  constructor(site: Site, frame: Frame) {
    this.#site = site;
    this.#frame = frame;
  }
  get fieldName() {
    return this.#read().fieldName;
  }
  get fieldNodes() {
    return this.#read().fieldNodes;
  }
  get returnType() {
    return this.#read().returnType;
  }
  get parentType() {
    return this.#read().parentType;
  }
  get path() {
    return this.#read().path;
  }
  get schema() {
    return this.#site.plan.schema;
  }
  get fragments() {
    return this.#read().fragments;
  }
  get rootValue() {
    return this.#read().rootValue;
  }
  get operation() {
    return this.#read().operation;
  }
  get variableValues() {
    return this.#read().variableValues;
  }
  get getAbortSignal() {
    return this.#read().getAbortSignal;
  }
  get getAsyncHelpers() {
    return this.#read().getAsyncHelpers;
  }
  #read(): GraphQLResolveInfo {
    this.#info ??= createResolveInfo(this.#site, this.#frame);
    return this.#info;
  }
}
