<?php
/**
 * Database tables of the plugin.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge;

/**
 * Creates, upgrades and drops the tables.
 */
final class Tables {

	const VERSION_OPTION = 'igny8_bridge_tables';
	const VERSION        = 1;
	const NAMES          = array( 'igny8_posts', 'igny8_events', 'igny8_outbox', 'igny8_tasks' );

	/**
	 * Returns the full name of a table.
	 *
	 * @param string $name One of NAMES.
	 */
	public static function name( string $name ): string {
		global $wpdb;
		return $wpdb->prefix . $name;
	}

	/**
	 * Creates the tables if this version has not run here yet: activation does not run after an update or on
	 * a new site of a network.
	 */
	public static function upgrade(): void {
		if ( (int) get_option( self::VERSION_OPTION ) !== self::VERSION ) {
			self::create();
		}
	}

	/**
	 * Creates missing tables and upgrades existing ones.
	 */
	public static function create(): void {
		global $wpdb;
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$collate = $wpdb->get_charset_collate();
		// The primary key makes claims atomic: of several concurrent inserts of one key, one succeeds.
		dbDelta(
			'CREATE TABLE ' . self::name( 'igny8_posts' ) . " (
			claim_key varchar(64) NOT NULL,
			post_id bigint(20) unsigned NOT NULL DEFAULT 0,
			holder varchar(32) NOT NULL DEFAULT '',
			held_until bigint(20) unsigned NOT NULL DEFAULT 0,
			PRIMARY KEY  (claim_key),
			KEY post_id (post_id)
			) $collate;"
		);
		dbDelta(
			'CREATE TABLE ' . self::name( 'igny8_events' ) . " (
			webhook_id varchar(191) NOT NULL,
			received_at bigint(20) unsigned NOT NULL,
			PRIMARY KEY  (webhook_id),
			KEY received_at (received_at)
			) $collate;"
		);
		dbDelta(
			'CREATE TABLE ' . self::name( 'igny8_outbox' ) . " (
			id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
			webhook_id varchar(64) NOT NULL,
			body longtext NOT NULL,
			attempts int(11) NOT NULL DEFAULT 0,
			due_at bigint(20) unsigned NOT NULL,
			created_at bigint(20) unsigned NOT NULL,
			last_error varchar(500) NOT NULL DEFAULT '',
			PRIMARY KEY  (id),
			UNIQUE KEY webhook_id (webhook_id),
			KEY due_at (due_at)
			) $collate;"
		);
		dbDelta(
			'CREATE TABLE ' . self::name( 'igny8_tasks' ) . " (
			task_id bigint(20) unsigned NOT NULL,
			post_id bigint(20) unsigned NOT NULL DEFAULT 0,
			reported_at bigint(20) unsigned NOT NULL,
			task longtext NOT NULL,
			PRIMARY KEY  (task_id),
			KEY post_id (post_id)
			) $collate;"
		);
		update_option( self::VERSION_OPTION, self::VERSION );
	}

	/**
	 * Drops all tables.
	 */
	public static function drop(): void {
		global $wpdb;
		foreach ( self::NAMES as $name ) {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL -- the table name is a constant.
			$wpdb->query( 'DROP TABLE IF EXISTS ' . self::name( $name ) );
		}
		delete_option( self::VERSION_OPTION );
	}
}
