package dev.qg.docs;

import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.Record;
import org.jooq.TableField;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.jooq.impl.TableImpl;

/** The tables of the application that the documentation's examples belong to, as if generated. */
final class Shop {

  static final Orders ORDERS = new Orders();
  static final Receipts RECEIPTS = new Receipts();
  static final History HISTORY = new History();

  private Shop() {}

  static void createTables(DSLContext ctx) {
    ctx.createTable(ORDERS).columns(ORDERS.fields()).primaryKey(ORDERS.ID).execute();
    ctx.createTable(RECEIPTS).columns(RECEIPTS.fields()).execute();
    ctx.createTable(HISTORY).columns(HISTORY.fields()).execute();
  }

  static final class Orders extends TableImpl<Record> {
    private static final long serialVersionUID = 1L;

    final transient TableField<Record, Integer> ID =
        createField(DSL.name("id"), SQLDataType.INTEGER);
    final transient TableField<Record, String> CUSTOMER =
        createField(DSL.name("customer"), SQLDataType.CLOB);

    private Orders() {
      super(DSL.name("orders"));
    }
  }

  static final class Receipts extends TableImpl<Record> {
    private static final long serialVersionUID = 1L;

    final transient TableField<Record, JSON> FOR_ORDER =
        createField(DSL.name("for_order"), SQLDataType.JSON);

    private Receipts() {
      super(DSL.name("receipts"));
    }
  }

  static final class History extends TableImpl<Record> {
    private static final long serialVersionUID = 1L;

    final transient TableField<Record, Long> JOB_ID =
        createField(DSL.name("job_id"), SQLDataType.BIGINT);
    final transient TableField<Record, String> JOB_TYPE =
        createField(DSL.name("job_type"), SQLDataType.CLOB);

    private History() {
      super(DSL.name("history"));
    }
  }
}
