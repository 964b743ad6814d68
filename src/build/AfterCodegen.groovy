/*
 * Brings the generated classes into one form, whichever JDK ran jOOQ: it suppresses this-escape on JDK 21 and later only,
 * and never missing-explicit-ctor, which -Xlint:all -Werror would not forgive. Then stops the server of StartPostgres.groovy.
 */
new File(project.basedir, 'generated').eachFileRecurse { file ->
    if (file.name.endsWith('.java')) {
        file.setText(file.getText('UTF-8').replaceFirst(
                /@SuppressWarnings\(\{ "all".*\}\)/,
                '@SuppressWarnings({ "all", "unchecked", "rawtypes", "this-escape", "missing-explicit-ctor" })'), 'UTF-8')
    }
}

project.getContextValue('qg.codegen.postgres')?.close()
