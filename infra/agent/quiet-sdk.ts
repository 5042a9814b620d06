/**
 * LiveKit's SDK writes its debug log to standard output unless it believes that this is production. Imported before the SDK, this keeps
 * the output of our programs their own.
 */
process.env['NODE_ENV'] = 'production';
