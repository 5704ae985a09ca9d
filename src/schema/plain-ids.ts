import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import { encodeGlobalId } from './global-id.ts';

/** For the `plugins` of a builder. */
export const PLAIN_IDS = 'plainIds';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- where Pothos looks for the types of plugins
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      plainIds: PlainIdsPlugin<Types>;
    }
  }
}

/** What `builder.node` keeps of a type's `id`. */
interface NodeOptions {
  readonly id?: { readonly resolve: (source: unknown) => string };
}

/** Resolves the `id` of a node at once. The relay plugin makes each a promise, which long lists pay for: docs/decisions.md. */
class PlainIdsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    if (field.kind !== 'Object' || field.name !== 'id') return field;
    const { name, pothosOptions } = this.builder.configStore.getTypeConfig(field.parentType, 'Object');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Pothos does not type what its plugins add
    const { id } = pothosOptions as NodeOptions;
    return id === undefined ? field : { ...field, resolve: (source) => encodeGlobalId(name, id.resolve(source)) };
  }
}

SchemaBuilder.registerPlugin(PLAIN_IDS, PlainIdsPlugin);
