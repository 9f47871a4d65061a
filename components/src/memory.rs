//! Main memory: channels, ranks and banks as actors.
