/** The examples of the documentation, which run as tests, and the checks of the documents. */
package dev.qg.docs;
