/**
 * The version of what node and edge say to each other. New fields are optional, meanings never change; a removal is a
 * new version. The edge refuses a version it does not know with an error that names both.
 */
export const contractVersion = 1;
