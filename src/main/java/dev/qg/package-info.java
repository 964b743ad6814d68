/** Placeholder: the API of the job queue. */
@NullMarked
package dev.qg;

import org.jspecify.annotations.NullMarked;
