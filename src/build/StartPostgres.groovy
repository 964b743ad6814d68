/*
 * Gives the build a PostgreSQL to migrate and to generate code from: the one that -Dqg.codegen.url names, or else an
 * embedded one on a free port. The plugins that follow read the property; after-codegen in the POM closes the server.
 */
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres

if (session.userProperties['qg.codegen.url']) {
    return
}

// Its shutdown hook stops the server and deletes its data also when the build fails before after-codegen.
def postgres = EmbeddedPostgres.builder()
        .setLocaleConfig('locale', 'C') // there on every machine, whatever LC_ALL says
        .start()
project.setContextValue('qg.codegen.postgres', postgres)
project.properties['qg.codegen.url'] = postgres.getJdbcUrl('postgres', 'postgres')
