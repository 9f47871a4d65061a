//! The backward pass and the update held against closed forms.
