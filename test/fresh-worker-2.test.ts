import { describeLeftObject } from './support/leave-object.ts';

describeLeftObject();
