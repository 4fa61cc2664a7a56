<?php
/**
 * Outbox of events for igny8.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\Pairing\Pairing;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Signature\Webhook;
use Igny8\Bridge\Tables;

/**
 * Stores events until igny8 has accepted them. WP-Cron sends each event with the state of the post at that
 * moment and a timestamp, so the events can arrive in any order.
 */
final class Outbox {

	/** Cron event that sends queued events. */
	const SEND_HOOK = 'igny8_bridge_send';

	/** Hourly cron event that sends the remaining events and deletes expired ones. */
	const SWEEP_HOOK = 'igny8_bridge_sweep';

	const BATCH = 20;

	/** How long other requests skip an event that is being sent, in seconds. Must exceed TIMEOUT. */
	const LEASE = 60;

	const TIMEOUT   = 10;
	const MAX_DELAY = 6 * HOUR_IN_SECONDS;

	/** Events older than this, in seconds, are dropped with a notice in wp-admin. */
	const MAX_AGE = 3 * DAY_IN_SECONDS;

	/** How many events were dropped, and the last error. */
	const LOST_OPTION = 'igny8_bridge_lost';

	/**
	 * Registers the hooks.
	 */
	public static function register_hooks(): void {
		add_action( 'init', array( self::class, 'schedule_sweep' ) );
		add_action( self::SEND_HOOK, array( self::class, 'send' ) );
		add_action( self::SWEEP_HOOK, array( self::class, 'sweep' ) );
	}

	/**
	 * Queues an event, unless an identical one is waiting to be sent.
	 *
	 * @param string $type    Type of the event, for example post.edited.
	 * @param int    $post_id The post ID.
	 * @param string $key     The article's key.
	 */
	public static function add( string $type, int $post_id, string $key ): void {
		global $wpdb;
		$body  = wp_json_encode(
			array(
				'type'    => $type,
				'post_id' => $post_id,
				'key'     => $key,
			)
		);
		$table = Tables::name( 'igny8_outbox' );
		// phpcs:ignore WordPress.DB -- a table of this plugin.
		if ( $wpdb->get_var( $wpdb->prepare( "SELECT id FROM $table WHERE body = %s AND attempts = 0", $body ) ) ) {
			return;
		}
		$wpdb->insert( // phpcs:ignore WordPress.DB.DirectDatabaseQuery
			$table,
			array(
				'webhook_id' => 'wp_' . wp_generate_uuid4(),
				'body'       => $body,
				'due_at'     => time(),
				'created_at' => time(),
			)
		);
		self::schedule( time() );
	}

	/**
	 * Sends the events that are due.
	 */
	public static function send(): void {
		global $wpdb;
		$table = Tables::name( 'igny8_outbox' );
		// phpcs:ignore WordPress.DB -- a table of this plugin.
		$events = $wpdb->get_results( $wpdb->prepare( "SELECT * FROM $table WHERE due_at <= %d ORDER BY id LIMIT %d", time(), self::BATCH ) );
		foreach ( $events as $event ) {
			// Incrementing the attempts claims the event: of two concurrent requests, one updates the row.
			// phpcs:ignore WordPress.DB -- a table of this plugin.
			$mine = $wpdb->query( $wpdb->prepare( "UPDATE $table SET attempts = attempts + 1, due_at = %d WHERE id = %d AND attempts = %d", time() + self::LEASE, $event->id, $event->attempts ) );
			if ( 1 === $mine ) {
				self::deliver( $event );
			}
		}
		$next = $wpdb->get_var( "SELECT MIN(due_at) FROM $table" ); // phpcs:ignore WordPress.DB
		if ( null !== $next ) {
			self::schedule( max( (int) $next, time() ) );
		}
	}

	/**
	 * Sends the remaining events, drops expired ones and deletes expired webhook IDs. Runs hourly.
	 */
	public static function sweep(): void {
		self::send();
		self::drop_expired();
		SeenWebhooks::sweep();
	}

	/**
	 * Drops expired events and counts them for the notice in wp-admin.
	 */
	private static function drop_expired(): void {
		global $wpdb;
		$table = Tables::name( 'igny8_outbox' );
		$until = time() - self::MAX_AGE;
		// phpcs:disable WordPress.DB -- a table of this plugin.
		$error = $wpdb->get_var( $wpdb->prepare( "SELECT last_error FROM $table WHERE created_at < %d ORDER BY id DESC LIMIT 1", $until ) );
		$count = (int) $wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE created_at < %d", $until ) );
		// phpcs:enable
		if ( $count > 0 ) {
			$lost = get_option( self::LOST_OPTION );
			update_option(
				self::LOST_OPTION,
				array(
					'count' => $count + (int) ( $lost['count'] ?? 0 ),
					'error' => (string) $error,
				),
				false
			);
		}
	}

	/**
	 * Sends an event and deletes it once igny8 has accepted it.
	 *
	 * @param object $event Row of the table.
	 */
	private static function deliver( object $event ): void {
		global $wpdb;
		$table   = Tables::name( 'igny8_outbox' );
		$pairing = Pairing::get();
		if ( null === $pairing ) {
			$wpdb->delete( $table, array( 'id' => $event->id ) ); // phpcs:ignore WordPress.DB
			return;
		}
		$answer = self::post( $pairing['events_url'], $event->webhook_id, self::body( $event ) );
		$status = (int) wp_remote_retrieve_response_code( $answer );
		if ( $status >= 200 && $status < 300 ) {
			$wpdb->delete( $table, array( 'id' => $event->id ) ); // phpcs:ignore WordPress.DB
			return;
		}
		$error = is_wp_error( $answer ) ? $answer->get_error_message() : "HTTP $status";
		$wpdb->update( // phpcs:ignore WordPress.DB
			$table,
			array(
				'due_at'     => time() + min( self::MAX_DELAY, 30 * 2 ** min( (int) $event->attempts, 12 ) ),
				// Cutting a character in half would make the update fail.
				'last_error' => mb_substr( $error, 0, 500 ),
			),
			array( 'id' => $event->id )
		);
	}

	/**
	 * Sends a signed request to igny8.
	 *
	 * @param string $url     URL of the request.
	 * @param string $id      The webhook-id header.
	 * @param string $body    JSON.
	 * @param int    $timeout Timeout in seconds.
	 * @return array|\WP_Error
	 */
	public static function post( string $url, string $id, string $body, int $timeout = self::TIMEOUT ) {
		$keys = Pairing::keys();
		$time = time();
		return wp_safe_remote_post(
			$url,
			array(
				'timeout'             => $timeout,
				'redirection'         => 0,
				'limit_response_size' => 1024 * 1024,
				'body'                => $body,
				'headers'             => array(
					'content-type'      => 'application/json',
					'webhook-id'        => $id,
					'webhook-timestamp' => (string) $time,
					'webhook-signature' => Webhook::sign( (string) reset( $keys ), $id, $time, $body ),
				),
			)
		);
	}

	/**
	 * Returns the body of an event, with the current state of the post.
	 *
	 * @param object $event Row of the table.
	 */
	private static function body( object $event ): string {
		$queued = json_decode( $event->body, true );
		// Taken before the post is read: igny8 keeps the state with the latest timestamp.
		$now = microtime( true );
		wp_cache_delete( $queued['post_id'], 'posts' );
		$post = get_post( $queued['post_id'] );
		if ( $post && ClaimedPost::key_of( $post ) !== $queued['key'] ) {
			$post = null;
		}
		return wp_json_encode(
			array(
				'type'      => $queued['type'],
				'timestamp' => gmdate( 'Y-m-d\TH:i:s\Z', (int) $event->created_at ),
				'data'      => array(
					'as_of'     => gmdate( 'Y-m-d\TH:i:s', (int) $now ) . sprintf( '.%03dZ', (int) ( $now * 1000 ) % 1000 ),
					'key'       => $queued['key'],
					'post_id'   => $queued['post_id'],
					'wp_status' => $post ? $post->post_status : null,
					'post_url'  => $post ? get_permalink( $post ) : null,
				),
			)
		);
	}

	/**
	 * Schedules the cron event that sends, unless it is scheduled earlier.
	 *
	 * @param int $at Unix timestamp.
	 */
	private static function schedule( int $at ): void {
		$scheduled = wp_next_scheduled( self::SEND_HOOK );
		if ( $scheduled && $scheduled <= $at ) {
			return;
		}
		wp_unschedule_hook( self::SEND_HOOK );
		wp_schedule_single_event( $at, self::SEND_HOOK );
	}

	/**
	 * Schedules the hourly sweep. Runs on every request, because deactivation removes the cron event.
	 */
	public static function schedule_sweep(): void {
		if ( ! wp_next_scheduled( self::SWEEP_HOOK ) ) {
			wp_schedule_event( time(), 'hourly', self::SWEEP_HOOK );
		}
	}
}
