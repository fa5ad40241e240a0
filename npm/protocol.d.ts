// The messages of MCP, named as in the specification (revisions 2025-03-26 to 2025-11-25). Results include members of later revisions.

/** A JSON object whose members are not described further. */
export interface JsonObject {
  [key: string]: unknown;
}

/** `_meta`: metadata that MCP and its extensions attach to messages and their parts. */
export type Meta = JsonObject;

/** A result as the server sent it, including members that are not described here. */
export interface Result {
  _meta?: Meta;
  [key: string]: unknown;
}

/** The result of a request without result members. */
export type EmptyResult = Result;

/** One page of a list. */
export interface PaginatedResult extends Result {
  /** The cursor of the next page. Absent on the last page, and if all pages were read. */
  nextCursor?: string;
}

export interface PaginatedRequestParams {
  /** Requests the page at this cursor, the `nextCursor` of the previous page. */
  cursor?: string | undefined;
  _meta?: Meta | undefined;
}

// ---------------------------------------------------------------------------------------------------------------- capabilities

/** An image for a user interface. */
export interface Icon {
  /** An `https:` or `data:` URL. */
  src: string;
  mimeType?: string;
  /** Such as `48x48`, or `any` for a scalable one. */
  sizes?: string[];
  theme?: 'light' | 'dark';
}

/** A name for programs and a title for people. */
export interface BaseMetadata {
  name: string;
  title?: string;
}

/** The name and the version of a client or a server. */
export interface Implementation extends BaseMetadata {
  version: string;
  description?: string;
  websiteUrl?: string;
  icons?: Icon[];
}

/** Capabilities of a client. */
export interface ClientCapabilities {
  experimental?: { [name: string]: object } | undefined;
  roots?: { listChanged?: boolean | undefined } | undefined;
  sampling?: { context?: object | undefined; tools?: object | undefined } | undefined;
  elicitation?: { form?: object | undefined; url?: object | undefined } | undefined;
  tasks?:
    | {
        list?: object | undefined;
        cancel?: object | undefined;
        requests?:
          | {
              sampling?: { createMessage?: object | undefined } | undefined;
              elicitation?: { create?: object | undefined } | undefined;
            }
          | undefined;
      }
    | undefined;
  extensions?: { [name: string]: object } | undefined;
  [name: string]: unknown;
}

/** Capabilities of a server. */
export interface ServerCapabilities {
  experimental?: { [name: string]: object };
  logging?: object;
  completions?: object;
  prompts?: { listChanged?: boolean };
  resources?: { subscribe?: boolean; listChanged?: boolean };
  tools?: { listChanged?: boolean };
  tasks?: { list?: object; cancel?: object; requests?: { tools?: { call?: object } } };
  extensions?: { [name: string]: object };
  [name: string]: unknown;
}

// --------------------------------------------------------------------------------------------------------------------- content

export type Role = 'user' | 'assistant';

/** Hints for the use of content. */
export interface Annotations {
  audience?: Role[];
  /** From 0, optional, to 1, required. */
  priority?: number;
  /** An ISO 8601 time. */
  lastModified?: string;
}

export interface TextContent {
  type: 'text';
  text: string;
  annotations?: Annotations;
  _meta?: Meta;
}

export interface ImageContent {
  type: 'image';
  /** In base64. */
  data: string;
  mimeType: string;
  annotations?: Annotations;
  _meta?: Meta;
}

export interface AudioContent {
  type: 'audio';
  /** In base64. */
  data: string;
  mimeType: string;
  annotations?: Annotations;
  _meta?: Meta;
}

/** A resource for `resources/read`, not necessarily in `resources/list`. */
export interface ResourceLink extends Resource {
  type: 'resource_link';
}

/** A resource with its contents. */
export interface EmbeddedResource {
  type: 'resource';
  resource: TextResourceContents | BlobResourceContents;
  annotations?: Annotations;
  _meta?: Meta;
}

/** One content item of a tool's result or of a prompt, distinguished by `type`. */
export type ContentBlock = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource;

// ----------------------------------------------------------------------------------------------------------------------- tools

/** A JSON Schema of an object. */
export interface ObjectSchema {
  $schema?: string;
  type: 'object';
  properties?: { [name: string]: object };
  required?: string[];
  [keyword: string]: unknown;
}

/** Hints of a tool about itself. Only as trustworthy as its server. */
export interface ToolAnnotations {
  title?: string;
  /** The tool changes nothing. `mcp-tether` may then retry a call with an unknown outcome. */
  readOnlyHint?: boolean;
  /** The tool may delete or overwrite data. Meaningful only for tools that are not read-only. */
  destructiveHint?: boolean;
  /** A second call with the same arguments has no further effect. `mcp-tether` may then retry a call with an unknown outcome. */
  idempotentHint?: boolean;
  /** The tool interacts with systems outside of the server. */
  openWorldHint?: boolean;
}

export interface ToolExecution {
  /** Whether it can be called as a task. Default: `forbidden`. */
  taskSupport?: 'forbidden' | 'optional' | 'required';
}

export interface Tool extends BaseMetadata {
  description?: string;
  /** The schema of its `arguments`. */
  inputSchema: ObjectSchema;
  /** The schema of its `structuredContent`, of an object before 2026-07-28. `mcp-tether/output-schema` validates it. */
  outputSchema?: JsonObject;
  annotations?: ToolAnnotations;
  execution?: ToolExecution;
  icons?: Icon[];
  _meta?: Meta;
}

export interface ListToolsResult extends PaginatedResult {
  tools: Tool[];
}

export interface CallToolRequestParams {
  name: string;
  arguments?: object | undefined;
  /** Calls it as a task (2025-11-25). The result is then a {@link CreateTaskResult}. */
  task?: TaskMetadata | undefined;
  _meta?: Meta | undefined;
}

export interface CallToolResult extends Result {
  content: ContentBlock[];
  /** The output according to the tool's `outputSchema`, if it has one: an object, or any JSON from 2026-07-28 on. */
  structuredContent?: unknown;
  /** Whether the tool failed; `content` describes the error. This is a result, not an `McpError`. */
  isError?: boolean;
}

// ------------------------------------------------------------------------------------------------------------------- resources

export interface Resource extends BaseMetadata {
  uri: string;
  description?: string;
  mimeType?: string;
  annotations?: Annotations;
  /** In bytes. */
  size?: number;
  icons?: Icon[];
  _meta?: Meta;
}

export interface ResourceTemplate extends BaseMetadata {
  /** An RFC 6570 template. */
  uriTemplate: string;
  description?: string;
  mimeType?: string;
  annotations?: Annotations;
  icons?: Icon[];
  _meta?: Meta;
}

export interface ResourceContents {
  uri: string;
  mimeType?: string;
  _meta?: Meta;
}

export interface TextResourceContents extends ResourceContents {
  text: string;
}

export interface BlobResourceContents extends ResourceContents {
  /** In base64. */
  blob: string;
}

export interface ListResourcesResult extends PaginatedResult {
  resources: Resource[];
}

export interface ListResourceTemplatesResult extends PaginatedResult {
  resourceTemplates: ResourceTemplate[];
}

export interface ResourceRequestParams {
  uri: string;
  _meta?: Meta | undefined;
}

export interface ReadResourceResult extends Result {
  /** Several if the resource is, for instance, a directory. */
  contents: (TextResourceContents | BlobResourceContents)[];
}

// --------------------------------------------------------------------------------------------------------------------- prompts

export interface PromptArgument extends BaseMetadata {
  description?: string;
  required?: boolean;
}

export interface Prompt extends BaseMetadata {
  description?: string;
  arguments?: PromptArgument[];
  icons?: Icon[];
  _meta?: Meta;
}

export interface PromptMessage {
  role: Role;
  content: ContentBlock;
}

export interface ListPromptsResult extends PaginatedResult {
  prompts: Prompt[];
}

export interface GetPromptRequestParams {
  name: string;
  /** Values of the prompt's arguments, all of them strings. */
  arguments?: object | undefined;
  _meta?: Meta | undefined;
}

export interface GetPromptResult extends Result {
  description?: string;
  messages: PromptMessage[];
}

// ----------------------------------------------------------------------------------------------------------------- completions

export interface PromptReference {
  type: 'ref/prompt';
  name: string;
  title?: string | undefined;
}

export interface ResourceTemplateReference {
  type: 'ref/resource';
  /** The URI or URI template. */
  uri: string;
}

export interface CompleteRequestParams {
  ref: PromptReference | ResourceTemplateReference;
  /** The argument to complete, with the beginning of its value. */
  argument: { name: string; value: string };
  /** Values of other arguments. */
  context?: { arguments?: { [name: string]: string } | undefined } | undefined;
  _meta?: Meta | undefined;
}

export interface CompleteResult extends Result {
  completion: {
    /** At most 100. */
    values: string[];
    total?: number;
    hasMore?: boolean;
  };
}

// ------------------------------------------------------------------------------------------------------- logging and progress

/** The severities of RFC 5424. */
export type LoggingLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency';

/** Progress of a request. */
export interface Progress {
  /** Grows with each report. */
  progress: number;
  /** The final value of `progress`, if known. */
  total?: number;
  message?: string;
}

// ----------------------------------------------------------------------------------------------------------------------- tasks

export interface TaskMetadata {
  /** Milliseconds that the server should keep the task. */
  ttl?: number | undefined;
}

export interface Task {
  taskId: string;
  status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';
  statusMessage?: string;
  /** An ISO 8601 time. */
  createdAt: string;
  /** An ISO 8601 time. */
  lastUpdatedAt: string;
  /** Milliseconds from `createdAt`; null for no limit. */
  ttl: number | null;
  /** Milliseconds between two `tasks/get`. */
  pollInterval?: number;
}

export interface CreateTaskResult extends Result {
  task: Task;
}

export interface TaskRequestParams {
  taskId: string;
  _meta?: Meta | undefined;
}

export type GetTaskResult = Result & Task;
export type CancelTaskResult = Result & Task;

export interface ListTasksResult extends PaginatedResult {
  tasks: Task[];
}

// ------------------------------------------------------------------------------------------------------- requests of the server

/** A folder that a server may work in. */
export interface Root {
  /** A `file:` URI. */
  uri: string;
  name?: string | undefined;
  _meta?: Meta | undefined;
}

export interface ListRootsResult extends Result {
  roots: Root[];
}

export interface ToolUseContent {
  type: 'tool_use';
  id: string;
  name: string;
  input: JsonObject;
  _meta?: Meta;
}

export interface ToolResultContent {
  type: 'tool_result';
  toolUseId: string;
  content: ContentBlock[];
  structuredContent?: JsonObject;
  isError?: boolean;
  _meta?: Meta;
}

export type SamplingMessageContentBlock =
  | TextContent
  | ImageContent
  | AudioContent
  | ToolUseContent
  | ToolResultContent;

export interface SamplingMessage {
  role: Role;
  content: SamplingMessageContentBlock | SamplingMessageContentBlock[];
  _meta?: Meta;
}

export interface ModelPreferences {
  hints?: { name?: string }[];
  /** From 0 to 1, like the other two priorities. */
  costPriority?: number;
  speedPriority?: number;
  intelligencePriority?: number;
}

export interface CreateMessageRequestParams {
  messages: SamplingMessage[];
  maxTokens: number;
  modelPreferences?: ModelPreferences;
  systemPrompt?: string;
  includeContext?: 'none' | 'thisServer' | 'allServers';
  temperature?: number;
  stopSequences?: string[];
  metadata?: object;
  tools?: Tool[];
  toolChoice?: { mode?: 'auto' | 'required' | 'none' };
  task?: TaskMetadata;
  _meta?: Meta;
}

export interface CreateMessageResult extends Result {
  role: Role;
  content: SamplingMessageContentBlock | SamplingMessageContentBlock[];
  /** The name of the model. */
  model: string;
  stopReason?: 'endTurn' | 'stopSequence' | 'maxTokens' | 'toolUse' | (string & {}) | undefined;
}

/** One field of a form: a string, a number, a boolean or a choice. */
export interface PrimitiveSchemaDefinition {
  type: 'string' | 'number' | 'integer' | 'boolean' | 'array';
  title?: string;
  description?: string;
  default?: string | number | boolean | string[];
  enum?: string[];
  enumNames?: string[];
  oneOf?: { const: string; title: string }[];
  items?: { type?: 'string'; enum?: string[]; anyOf?: { const: string; title: string }[] };
  format?: 'email' | 'uri' | 'date' | 'date-time';
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
}

export interface ElicitRequestFormParams {
  mode?: 'form';
  message: string;
  requestedSchema: {
    $schema?: string;
    type: 'object';
    properties: { [name: string]: PrimitiveSchemaDefinition };
    required?: string[];
  };
  task?: TaskMetadata;
  _meta?: Meta;
}

export interface ElicitRequestURLParams {
  mode: 'url';
  message: string;
  elicitationId: string;
  url: string;
  task?: TaskMetadata;
  _meta?: Meta;
}

export type ElicitRequestParams = ElicitRequestFormParams | ElicitRequestURLParams;

export interface ElicitResult extends Result {
  action: 'accept' | 'decline' | 'cancel';
  /** The filled-in form, where `action` is `accept`. */
  content?: { [name: string]: string | number | boolean | string[] } | undefined;
}

// ------------------------------------------------------------------------------------------------------------- methods by name

/** Requests of the client: params and result of each. */
export interface ClientRequests {
  ping: { params: { _meta?: Meta | undefined } | undefined; result: EmptyResult };
  'tools/list': { params: PaginatedRequestParams | undefined; result: ListToolsResult };
  'tools/call': { params: CallToolRequestParams; result: CallToolResult };
  'resources/list': { params: PaginatedRequestParams | undefined; result: ListResourcesResult };
  'resources/templates/list': { params: PaginatedRequestParams | undefined; result: ListResourceTemplatesResult };
  'resources/read': { params: ResourceRequestParams; result: ReadResourceResult };
  'resources/subscribe': { params: ResourceRequestParams; result: EmptyResult };
  'resources/unsubscribe': { params: ResourceRequestParams; result: EmptyResult };
  'prompts/list': { params: PaginatedRequestParams | undefined; result: ListPromptsResult };
  'prompts/get': { params: GetPromptRequestParams; result: GetPromptResult };
  'completion/complete': { params: CompleteRequestParams; result: CompleteResult };
  'logging/setLevel': { params: { level: LoggingLevel; _meta?: Meta | undefined }; result: EmptyResult };
  'tasks/get': { params: TaskRequestParams; result: GetTaskResult };
  'tasks/result': { params: TaskRequestParams; result: Result };
  'tasks/list': { params: PaginatedRequestParams | undefined; result: ListTasksResult };
  'tasks/cancel': { params: TaskRequestParams; result: CancelTaskResult };
}

/** Requests of the server: params and result of each. */
export interface ServerRequests {
  ping: { params: { _meta?: Meta } | undefined; result: EmptyResult };
  'roots/list': { params: { _meta?: Meta } | undefined; result: ListRootsResult };
  'sampling/createMessage': { params: CreateMessageRequestParams; result: CreateMessageResult };
  'elicitation/create': { params: ElicitRequestParams; result: ElicitResult };
}

/** Notifications of the client, with their params. */
export interface ClientNotifications {
  'notifications/roots/list_changed': { _meta?: Meta | undefined } | undefined;
  'notifications/tasks/status': Task & { _meta?: Meta };
}

/** Notifications of the server, with their params. */
export interface ServerNotifications {
  'notifications/message': { level: LoggingLevel; logger?: string; data: unknown; _meta?: Meta };
  'notifications/progress': Progress & { progressToken: string | number; _meta?: Meta };
  'notifications/cancelled': { requestId?: string | number; reason?: string; _meta?: Meta };
  'notifications/tools/list_changed': { _meta?: Meta } | undefined;
  'notifications/prompts/list_changed': { _meta?: Meta } | undefined;
  'notifications/resources/list_changed': { _meta?: Meta } | undefined;
  'notifications/resources/updated': { uri: string; _meta?: Meta };
  'notifications/elicitation/complete': { elicitationId: string; _meta?: Meta };
  'notifications/tasks/status': Task & { _meta?: Meta };
}

export type RequestMethod = keyof ClientRequests;
export type ServerRequestMethod = keyof ServerRequests;
export type NotificationMethod = keyof ServerNotifications;

/** A message `{ method, params }`. Optional params can be omitted. */
export type MessageOf<Method extends string, Params> = undefined extends Params
  ? { method: Method; params?: Params }
  : { method: Method; params: Params };

/** A notification of the server, distinguished by `method`. */
export type ServerNotification = {
  [Method in NotificationMethod]: MessageOf<Method, ServerNotifications[Method]>;
}[NotificationMethod];

/** A message of a method that is not described here. */
export interface UnknownMessage {
  method: string;
  params?: JsonObject;
}
